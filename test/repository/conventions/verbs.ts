/** Forms of verbs by which the title of a test is known as a sentence. Add the one that a new title needs. */
export const verbs: ReadonlySet<string> = new Set(
  `
  aborts accepts accumulates add adds adopts advances affects agree allocates allows announces
  appear appends applies apply are arrives asks assumes attaches attributes avoids backs
  balances be become becomes been began begin begins behaves belong belongs binds blocks bound
  bounds break brings can cancels cannot carries carry catches causes changes charges checks
  chooses claims classifies closes come comes commit commits compares compiles completes
  computes configures connects contains continue continues converts copies costs could count
  counts cover covers crashes creates crosses cuts decide decides declares decompresses
  deduplicates defers delays deletes delivers depend depends destroys detects did dies differ
  differs disconnects distinguishes do does doubles drains draws drips drive drops emit emits
  empties enables encodes encrypts end ends enforces ensures enter escapes evaluates evict
  evicts exceeds excludes executes exhaust exhausts exist exits expands expects expires explains
  exports expresses extends fail fails fall falls fetches fills finds finish fire fires fit fits
  floods flushes follow follows forgets forgives formats forwards frees gathers generates get
  gets give gives go goes grow grows guards had handles hands hangs happens has have hear hears
  held hide hides hold holds hooks hurts identifies ignores imports includes increases inherits
  injects installs interfere interrupts invalidates invokes is iterates join joins keep keeps
  knows lacks lands last lasts lead leads leave leaves lets lights limit limits links list
  listens lists live logs look looks lose loses lower lowers make makes matches may means
  measures meet meets mentions merges migrates moves multiplies must names need needs negotiates
  notifies obey obeys observes occur occurs omits open opens opt opts outlasts outlives overlap
  overrides overwrite parses pass passes pauses persists picks pile places polls prefers
  preloads prepares prevents print prints probes produces promise promises propagates protects
  proves publish publishes pushes puts quotes raises ran reach reaches reads recognises recovers
  reduces refreshes refuses registers rejects relays releases reloads remains remembers removes
  renames renders renews repeat repeats replaces replays report reports represents requires
  rescues resend resends reserves resets resolves respond responds restarts restores resumes
  retries return returns reuses reveal reveals rise rises rolls rotates rounds run runs
  satisfies satisfy saves say says schedules scrapes see sees selects send sends serializes
  serve serves sets share shares should show shows shuts skips sorts spares speaks splits
  spreads stalls stands start starts stay stays stops stores streams subscribes succeeds
  supports survive survives suspends swallows sweeps switches take takes teach teaches tells
  terminates tests throttles throws tolerates touches tracks transfers translates traverses
  treats tries triggers trims trips truncates trusts turns type-checks undo unlocks updates use
  uses validates verifies wait waits wakes want warns was were will wins work works would wraps
  writes yields
`.match(/\S+/g),
);
