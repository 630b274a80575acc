/** What decides in a simulation which results count and when units go out again: ours, and what it is compared with. */

/** `voting`: two must agree; `boinc`: its adaptive replication; `fixed-leases`: ours with leases of fixed length. */
export const policies = ['adaptive', 'voting', 'boinc', 'fixed-leases'] as const
export type Policy = (typeof policies)[number]
