/**
 * How often each word stands in a text: an ordinary program between stdin and stdout, which knows nothing of the grid.
 * Built for WASI it runs there as it is: stdin is the unit's input, stdout its result, and the first argument, the first
 * line of the job's parameters, says how long a word has to be to count.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct word {
  char *text;
  unsigned long count;
};

static struct word *words;
static size_t word_count;
static size_t capacity;

static int find_slot(const char *text) {
  unsigned long hash = 5381;
  for (const char *c = text; *c != 0; c++) hash = hash * 33 + (unsigned char)*c;
  size_t slot = hash % capacity;
  while (words[slot].text != NULL && strcmp(words[slot].text, text) != 0)
    slot = (slot + 1) % capacity;
  return (int)slot;
}

static void grow(void) {
  struct word *old = words;
  const size_t old_capacity = capacity;
  capacity = capacity == 0 ? 1024 : capacity * 2;
  words = calloc(capacity, sizeof *words);
  if (words == NULL) {
    fprintf(stderr, "no memory for %zu words\n", capacity);
    exit(1);
  }
  for (size_t i = 0; i < old_capacity; i++)
    if (old[i].text != NULL) words[find_slot(old[i].text)] = old[i];
  free(old);
}

static void count(const char *text) {
  if (word_count * 2 >= capacity) grow();
  struct word *word = &words[find_slot(text)];
  if (word->text == NULL) {
    word->text = strdup(text);
    word_count++;
  }
  word->count++;
}

static int by_count(const void *a, const void *b) {
  const struct word *left = a, *right = b;
  if (left->count != right->count) return left->count < right->count ? 1 : -1;
  if (left->text == NULL || right->text == NULL) return 0;
  return strcmp(left->text, right->text);
}

int main(int argc, char **argv) {
  const size_t shortest = argc > 1 ? strtoul(argv[1], NULL, 10) : 1;
  char word[256];
  size_t length = 0;
  int c;
  do {
    c = getchar();
    if (c != EOF && isalpha(c)) {
      if (length < sizeof word - 1) word[length++] = (char)tolower(c);
      continue;
    }
    word[length] = 0;
    if (length > 0 && length >= shortest) count(word);
    length = 0;
  } while (c != EOF);
  if (words != NULL) qsort(words, capacity, sizeof *words, by_count);
  for (size_t i = 0; i < word_count; i++) printf("%lu %s\n", words[i].count, words[i].text);
  return 0;
}
