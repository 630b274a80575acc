/* Each kernel exports one function: a number that says how much, and a checksum of the result. */
#ifdef __wasm__
#define EXPORT(name) __attribute__((export_name(name)))
#else
#define EXPORT(name)
#endif

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;

EXPORT("work") u32 work(u32 n);
