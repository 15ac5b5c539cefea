/** The terminal that the text goes to. */
export interface Terminal {
  /** How wide a line may be. */
  readonly columns: number;
  readonly colors: boolean;
  /** It shows more than ASCII. */
  readonly unicode: boolean;
}
