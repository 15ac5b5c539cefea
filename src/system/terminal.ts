/** The terminal that receives the text. */
export interface Terminal {
  /** The maximum width of a line. */
  readonly columns: number;
  readonly colors: boolean;
  /** Whether it can show more than ASCII. */
  readonly unicode: boolean;
}
