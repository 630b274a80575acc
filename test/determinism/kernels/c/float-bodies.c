/** Bodies that attract each other: what differs in the last bit of a step is another system after a thousand. */
#include "fold.h"

enum { BODIES = 6 };

static double place[BODIES][3], speed[BODIES][3], mass[BODIES];

static void step(double dt) {
  for (int i = 0; i < BODIES; i++) {
    for (int j = i + 1; j < BODIES; j++) {
      double d[3], square = 0.01;
      for (int axis = 0; axis < 3; axis++) {
        d[axis] = place[i][axis] - place[j][axis];
        square += d[axis] * d[axis];
      }
      const double pull = dt / (square * __builtin_sqrt(square));
      for (int axis = 0; axis < 3; axis++) {
        speed[i][axis] -= d[axis] * mass[j] * pull;
        speed[j][axis] += d[axis] * mass[i] * pull;
      }
    }
  }
  for (int i = 0; i < BODIES; i++)
    for (int axis = 0; axis < 3; axis++) place[i][axis] += dt * speed[i][axis];
}

GRID_KERNEL int run(void) {
  for (int i = 0; i < BODIES; i++) {
    mass[i] = 1 + noise_double() / 2;
    for (int axis = 0; axis < 3; axis++) {
      place[i][axis] = 4 * noise_double();
      speed[i][axis] = noise_double() / 4;
    }
  }
  for (int i = 0; i < 4000; i++) {
    step(0.01);
    fold_double(place[i % BODIES][i % 3]);
    fold_double(speed[i % BODIES][i % 3]);
    if (i % 250 == 0) checkpoint();
  }
  checkpoint();
  return GRID_DONE;
}
