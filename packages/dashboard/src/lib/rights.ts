/** What somebody may do; only for what is shown: the database decides again when it is done. */
export interface Rights {
  readonly userId: string;
  /** Start tasks, and act on runs of his own. */
  readonly mayRun: boolean;
  readonly mayEdit: boolean;
  /** Act on everybody's runs. */
  readonly mayAdminister: boolean;
  /** No member: an end user, who follows and cancels the runs that he started, and no more. */
  readonly isEndUser: boolean;
}
