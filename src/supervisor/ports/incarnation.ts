/** What several ports name in the same way. */

/** Identifies one life of one instance. */
export interface IncarnationId {
  /** `web`, or `web:2` where the process has several instances. */
  readonly instance: string;
  readonly incarnation: number;
}
