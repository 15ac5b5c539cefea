import type { Cause } from '../cause.ts';
import { holdersTogether } from '../holders.ts';
import { stopHolder } from '../remedy-steps.ts';

export const instances: Cause = {
  name: 'Instances',
  meaning: 'several instances of one program share it',
  explains: (look) => holdersTogether(look)?.isOneProgram === true,
  remedies: stopHolder,
};
