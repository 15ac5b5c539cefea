/** The version of the facts' format: the only one that this program writes. */
export const factsVersion = 1;
