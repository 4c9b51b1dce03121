/**
 * Reports how far a measurement is, 0 to 1, gives the event loop a turn, and throws CANCELLED where that was asked for. To be
 * awaited between batches, with no tensor in hand that a throw would leak.
 */
export type Report = (share: number) => Promise<void>
