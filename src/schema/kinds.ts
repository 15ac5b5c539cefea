import { auditRun, portSpan } from './audit-run.ts';
import { check } from './check.ts';
import type { RowSchema } from './column.ts';
import { configuration } from './configuration.ts';
import { conflict } from './conflict.ts';
import { endpoint } from './endpoint.ts';
import { event } from './event.ts';
import { finding } from './finding.ts';
import { fleetListener, fleetMachine, programVersion } from './fleet.ts';
import { freePort } from './free.ts';
import { listenerRow } from './listener.ts';
import { moveResult } from './move.ts';
import { range } from './range.ts';
import { stopResult } from './stop.ts';
import { auditTask } from './task.ts';
import { verdict } from './verdict.ts';
import { waitResult } from './wait.ts';

/** Every kind of row that an answer has. */
export const rowKinds: readonly RowSchema[] = [
  endpoint,
  finding,
  listenerRow,
  portSpan,
  auditRun,
  fleetMachine,
  fleetListener,
  programVersion,
  conflict,
  verdict,
  range,
  freePort,
  stopResult,
  auditTask,
  check,
  waitResult,
  event,
  configuration,
  moveResult,
];
