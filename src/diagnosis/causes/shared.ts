import type { Cause } from '../cause.ts';
import { holdersTogether } from '../holders.ts';
import { stopHolder } from '../remedy-steps.ts';

export const shared: Cause = {
  name: 'Shared',
  meaning: 'several programs share it by reuse',
  explains: (look) => holdersTogether(look)?.isOneProgram === false,
  remedies: stopHolder,
};
