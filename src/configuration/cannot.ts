import { PortOwnerError } from '../schema/problems.ts';

/** The error of a move that is not possible. */
export const cannotMove = (text: string, hint?: string): PortOwnerError =>
  new PortOwnerError('PO4402', text, hint === undefined ? {} : { hint });
