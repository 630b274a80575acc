/** Does not start. */
process.stderr.write('no such luck\n')
process.exit(3)
