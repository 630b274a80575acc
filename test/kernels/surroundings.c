/** Everything that a program can ask its machine for. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

int main(int argc, char **argv) {
  for (int i = 0; i < argc; i++) printf("argument %d: %s\n", i, argv[i]);
  printf("environment: %s\n", environ == NULL || environ[0] == NULL ? "empty" : environ[0]);

  struct timespec before, after, resolution;
  clock_gettime(CLOCK_REALTIME, &before);
  clock_getres(CLOCK_MONOTONIC, &resolution);
  const struct timespec nap = {3, 5};
  const int slept = nanosleep(&nap, NULL);
  clock_gettime(CLOCK_REALTIME, &after);
  printf("time: %lld, slept %d, passed %lld, in steps of %ld ns\n", (long long)before.tv_sec,
         slept, (long long)(after.tv_sec - before.tv_sec), resolution.tv_nsec);
  clock_gettime(CLOCK_MONOTONIC, &before);
  clock_gettime(CLOCK_MONOTONIC, &after);
  printf("monotonic: %lld\n", (long long)(after.tv_nsec - before.tv_nsec));

  unsigned char random[8];
  printf("random: %d ", getentropy(random, sizeof random));
  for (size_t i = 0; i < sizeof random; i++) printf("%02x", random[i]);

  printf("\nfile: %p %s\n", (void *)fopen("/etc/passwd", "r"), strerror(errno));
  printf("seek: %d %s\n", (int)lseek(0, 0, SEEK_CUR), strerror(errno));
  struct stat stat;
  printf("stat: %d, terminal: %d\n", fstat(1, &stat), isatty(1));
  printf("flags: %d %d\n", fcntl(0, F_GETFL) & O_ACCMODE, fcntl(1, F_GETFL) & O_ACCMODE);
  printf("yield: %d\n", sched_yield());

  struct pollfd streams[] = {{0, POLLIN, 0}, {1, POLLOUT, 0}};
  const int ready = poll(streams, 2, 1000);
  printf("poll: %d, %d %d\n", ready, streams[0].revents & POLLIN, streams[1].revents & POLLOUT);

  char text[100];
  const ssize_t read_bytes = read(0, text, 5);
  printf("read: %d %.*s\n", (int)read_bytes, (int)read_bytes, text);
  printf("wrong way: %d %s\n", (int)write(0, text, 1), strerror(errno));
  printf("not open: %d %s\n", (int)write(7, text, 1), strerror(errno));
  while (read(0, text, sizeof text) > 0) {
  }
  printf("end: %d, closed: %d, then %d\n", (int)read(0, text, 1), close(0), (int)read(0, text, 1));
  return 0;
}
