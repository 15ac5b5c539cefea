// Generated from the files in src/commands by "node build.mjs generate": do not edit.
import type { CommandClass } from './commands.ts';

/** The first word of a command line, and the one file that is loaded for it, with the command or commands in it. */
export const catalogue: Readonly<Record<string, () => Promise<readonly CommandClass[]>>> = {
  '': async () => {
    const { PortsCommand } = await import('../commands/ports.ts');
    return [PortsCommand];
  },
  audit: async () => {
    const { AuditCommand } = await import('../commands/audit.ts');
    return [AuditCommand];
  },
  baseline: async () => {
    const { BaselineCreateCommand, BaselineShowCommand, BaselineUpdateCommand } = await import('../commands/baseline.ts');
    return [BaselineCreateCommand, BaselineShowCommand, BaselineUpdateCommand];
  },
  completion: async () => {
    const { CompletionCommand } = await import('../commands/completion.ts');
    return [CompletionCommand];
  },
  conflicts: async () => {
    const { ConflictsCommand } = await import('../commands/conflicts.ts');
    return [ConflictsCommand];
  },
  diff: async () => {
    const { DiffCommand } = await import('../commands/diff.ts');
    return [DiffCommand];
  },
  doctor: async () => {
    const { DoctorCommand } = await import('../commands/doctor.ts');
    return [DoctorCommand];
  },
  free: async () => {
    const { FreeCommand } = await import('../commands/free.ts');
    return [FreeCommand];
  },
  history: async () => {
    const { HistoryCommand } = await import('../commands/history.ts');
    return [HistoryCommand];
  },
  ranges: async () => {
    const { RangesCommand } = await import('../commands/ranges.ts');
    return [RangesCommand];
  },
  schedule: async () => {
    const { ScheduleInstallCommand, ScheduleRemoveCommand, ScheduleShowCommand, ScheduleStatusCommand } = await import('../commands/schedule.ts');
    return [ScheduleInstallCommand, ScheduleRemoveCommand, ScheduleShowCommand, ScheduleStatusCommand];
  },
  snapshot: async () => {
    const { SnapshotCommand } = await import('../commands/snapshot.ts');
    return [SnapshotCommand];
  },
  stop: async () => {
    const { StopCommand } = await import('../commands/stop.ts');
    return [StopCommand];
  },
  why: async () => {
    const { WhyCommand } = await import('../commands/why.ts');
    return [WhyCommand];
  },
};
