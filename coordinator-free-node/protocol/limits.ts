/**
 * The bound of every queue, message, table and loop that a peer or a user could fill, each with its reason.
 *
 * Raising one costs memory or patience on every node; peers enforce their own copy, so a grid whose nodes
 * disagree drops connections rather than breaking.
 */

const KIB = 1024
const MIB = 1024 * KIB

export const limits = {
  /** One frame on a neighbour stream: the largest lease or vote batch plus its envelope. */
  frameBytesMax: 16 * MIB,
  /** Values in one message, keys included: twice the largest vote's. A frame full of them would fill the memory. */
  messageValuesMax: 16_384,
  /** Levels of a message: a sealed one has three, a gateway's answers have six. */
  messageDepthMax: 32,
  /** Values in a gateway frame or in one entry of the store, which this machine's own user and node write. */
  localValuesMax: 4 * 1024 * 1024,
  /** Messages in one frame: bounds what one read can make the core do before it yields. */
  frameMessagesMax: 4096,
  /** Bytes queued towards one neighbour before it counts as stuck and is dropped: four full frames. */
  sendQueueBytesMax: 64 * MIB,
  /** The same for all neighbours together: whoever has most queued is dropped. */
  sendBytesMax: 256 * MIB,
  /** Bytes received from all neighbours and not handled yet: 256 of them with half a frame each could hold gigabytes. */
  receiveBytesMax: 256 * MIB,
  /**
   * Messages of one neighbour that are handled in a second; twice as many at once, as after a pause. 60,000 units a
   * second are some 50 votes; the core takes some 20 microseconds for a message.
   */
  neighbourMessagesPerSecond: 500,
  /** Bytes of one neighbour's mail that are handled in a second: a line of half a gigabit. */
  neighbourBytesPerSecond: 64 * MIB,
  /** Frames of one connection that are decrypted in a second, all its streams together: 30 microseconds each. */
  connectionFramesPerSecond: 4_000,
  connectionBytesPerSecond: 128 * MIB,
  /** Sockets of one address: machines behind it, or processes on this one. Half of the neighbours remain for others. */
  socketsPerAddressMax: 128,
  /** Of those, that have not proven who they are. */
  handshakesPerAddressMax: 32,
  /** New sockets of one address in a second, once `socketsPerAddressMax` came at once: a handshake costs milliseconds. */
  socketsPerAddressPerSecond: 2,
  /** What a peer that was sent away costs its address of those: it comes back under another name, 8 s later. */
  socketsPerBan: 16,
  /** Input of one unit: above it a piece no longer fits a frame beside its neighbours. */
  unitInputBytesMax: 8 * MIB,
  /** Result of one unit, for the same reason. */
  unitOutputBytesMax: 8 * MIB,
  /** Fuel of a unit whose task names none: more than a unit of an hour burns on any machine, some 10^10 a second. */
  unitFuelMax: 1e15,
  /** Inputs or results that one lease or vote message gathers before it is sent. */
  batchBytesMax: 4 * MIB,
  /** Units in one lease: at 60,000 units/s a lease still covers some 70 ms. */
  leaseUnitsMax: 4096,
  /** Separate runs of units in one lease; scattered units (disputes, expiries) come in small leases. */
  leaseRunsMax: 512,
  /** Leases that one host holds from one steward: one running, one prefetched, the rest for slots. */
  leasesPerHostMax: 64,
  /** Units of one job that are open (leased or voted on, not yet canonical): bounds a steward's memory; more where hosts are thousands. */
  openUnitsMax: 65_536,
  /** Of those, units with a vote that wait for another; more only where there are thousands of hosts. */
  awaitingUnitsMax: 16_384,
  /** Canonical results whose hosts are remembered, a job: results before the last so many are final. 100 bytes each. */
  backedUnitsMax: 131_072,
  /** Audits that wait for this node's own CPU: one that is too slow audits less, not later. */
  auditsQueuedMax: 1_024,
  /** Results held for units that wait for agreement; above it no fresh units are opened. */
  openResultBytesMax: 64 * MIB,
  /** Votes on one unit: beyond it the hosts disagree too much for any verdict. */
  votesPerUnitMax: 15,
  /** Times that one unit may fail on a host (crash, time-out, memory) before its job fails. */
  unitFailuresMax: 6,
  /** Copies of a unit beyond those its verdict needs, when hosts would otherwise idle. */
  backupCopiesMax: 2,
  /** Task bundle (code and descriptor): QuickJS-sized WebAssembly modules fit several times. */
  bundleBytesMax: 16 * MIB,
  /** Manifest: everything in it is small or referred to by hash. */
  manifestBytesMax: 64 * KIB,
  /** Of a manifest that travels with an advert: most are below 1 KiB, and every renewal carries it again. */
  enclosedManifestBytesMax: 2 * KIB,
  /** Job-wide parameters inside the manifest. */
  paramsBytesMax: 32 * KIB,
  /** Units in a job: indexes stay exact in a double and in eight bytes on disk. */
  jobUnitsMax: 2 ** 48,
  /** Items of inputs accepted from the user ahead of verified results, counted in units and in bytes. */
  inputUnitsAheadMax: 65_536,
  inputBytesAheadMax: 1024 * MIB,
  /** Adverts that a node remembers; the oldest goes first. 20,000 adverts of 600 B are 12 MB. */
  advertsMax: 20_000,
  /** Hops that an advert travels: a sparse grid of thousands has a diameter below it. */
  advertHopsMax: 12,
  /** Life of an advert: three missed renewals. */
  advertTtlMsMax: 60_000,
  /** Adverts that one neighbour may send in a second, and at once, before the rest are dropped unread. */
  advertsPerNeighbour: { perSecond: 100, atOnce: 200 },
  /** News from all neighbours together: a signature each, 85 us, so 1.3 % of a core. 2,250 running jobs make as many. */
  advertsHeard: { perSecond: 150, atOnce: 300 },
  /** What each neighbour is heard of even when others use all of that up. */
  advertsSurePerNeighbour: { perSecond: 5, atOnce: 40 },
  /** Adverts that a node sends a neighbour in a second: less than that hears, so that no delay makes them too many. */
  advertsToldPerNeighbour: { perSecond: 60, atOnce: 120 },
  /** Adverts of one steward in the table: as many as it may have jobs. */
  advertsPerStewardMax: 1_000,
  /** Addresses in an advert or an introduction. */
  addressesMax: 8,
  /** One address as text. */
  addressCharsMax: 256,
  /** Peers in one introduction. */
  introductionPeersMax: 16,
  /** Peers that one neighbour may introduce as long as it is connected: twice what an honest one does. */
  introducedPeersMax: 32,
  /** Dials to acquaintances: whoever makes addresses up has this node knock at strangers' doors. */
  strangerDials: { perSecond: 0.5, atOnce: 30 },
  /** Stewards that a host looks for because of their adverts: each may cost a walk through the directory. */
  stewardSearches: { perSecond: 0.5, atOnce: 30 },
  /** Peers of whom a node remembers misdeeds; 200 bytes each. */
  conductPeersMax: 10_000,
  /** Known peers kept on disk and in memory; the least recently seen goes first. */
  knownPeersMax: 2_000,
  /** Of those, in one public /24 or /48: somebody who fills the book needs so many of them as nobody has at hand. */
  knownPerSubnetMax: 16,
  /** Former neighbours whose subnet is remembered, so that their votes do not become several persons': 100 bytes each. */
  placesRememberedMax: 65_536,
  /** Neighbours in one public /24 or /48: one with a thousand names leaves seven seats in eight to the others. */
  neighboursPerSubnetMax: 32,
  /** Peers of one public /24 or /48 in the directory's routing table. */
  tablePerSubnetMax: 2,
  /** Neighbours that a node keeps by itself; above `neighboursWanted` it dials no introductions. */
  neighboursMax: 256,
  neighboursWanted: 12,
  /** Certificates from a private grid's key to a member: four inviters in a row, with their invitations. */
  membershipDepthMax: 9,
  /** Inviters in a row, each let in by the one before; the grid's key is not one of them. */
  inviterRowMax: 4,
  /** Members that a node remembers; who was seen longest ago goes first. A kilobyte each. */
  membersMax: 4_096,
  /** Revocations that a node keeps and passes on, a kilobyte each. Only the grid's own key may fill the last quarter. */
  revocationsMax: 4_096,
  /** Revocations in one message. */
  revocationsPerMessageMax: 64,
  /** Jobs that a node serves as a host at once. */
  hostedJobsMax: 64,
  /** Of one steward: who advertises jobs that do not exist must not keep others out. */
  hostedJobsPerStewardMax: 16,
  /** Peers in the ledger of favours; of the oldest the least valuable goes first. 10,000 are 2 MB. */
  ledgerPeersMax: 10_000,
  /** Receipts that a host keeps, one a job and life of its steward; who gave most gives up its oldest. 10 MB. */
  receiptsMax: 10_000,
  /** The signed statement of a receipt: ids, a name and numbers. */
  receiptBytesMax: 1024,
  /** Receipts signed in one turn, 30 microseconds each: thousands of hosts of a job that ends are no pause. */
  receiptsAtOnceMax: 512,
  /** Hosts of an ended job that are away, and get their receipt when they come back. */
  receiptsUntoldMax: 1_000,
  /** Peers of whom the service order remembers what they are owed: those that want something now, and some more. */
  servedPeersMax: 256,
  /** Peers whose ledger and standing one journal entry writes: thousands of changed ones take several turns. */
  peersSavedAtOnceMax: 512,
  /** Jobs that a node stewards at once: its own user's, so generous. */
  stewardedJobsMax: 1_000,
  /** Ended jobs that a node remembers with their results; the oldest goes first. */
  endedJobsMax: 200,
  /** Hosts that wait for work of one job: an answer to each costs a message. */
  parkedHostsMax: 20_000,
  /** Events in the trail of a job: days of an eventful one; after them only its end is written. */
  trailEventsMax: 2_000,
  /** Answers kept for `why`, a job. */
  answersMax: 256,
  /** Any text from a peer that is shown to a person. */
  textCharsMax: 500,
  /** Own entries about peers, subnets, owners and tasks, and entries of one list of somebody else's: 250 bytes each. */
  listEntriesMax: 20_000,
  /** Lists of others that a node keeps: each is looked through for every peer and advert. */
  importedListsMax: 16,
  /** One such list as text: all its entries with short notes. */
  listBytesMax: 4 * MIB,
  listValueCharsMax: 100,
  listNoteCharsMax: 200,
  /** Gateway: clients at once, and one request of a client. */
  gatewayClientsMax: 64,
  gatewayFrameBytesMax: 32 * MIB,
} as const
