// Generated from the files in src/commands by "node build.mjs generate": do not edit.
import type { Catalogue } from '../cli/base.ts';

/** The first word of a command line, and the file to load for it, or the word that it is an alias of. */
export const catalogue: Catalogue = {
  '': async () => {
    const { PortsCommand } = await import('./ports.ts');
    return [PortsCommand];
  },
  audit: async () => {
    const { AuditCommand } = await import('./audit.ts');
    return [AuditCommand];
  },
  baseline: async () => {
    const { BaselineCreateCommand, BaselineShowCommand, BaselineUpdateCommand } = await import('./baseline.ts');
    return [BaselineCreateCommand, BaselineShowCommand, BaselineUpdateCommand];
  },
  completion: async () => {
    const { CompletionCommand } = await import('./completion.ts');
    return [CompletionCommand];
  },
  config: async () => {
    const { ConfigCommand } = await import('./config.ts');
    return [ConfigCommand];
  },
  conflicts: async () => {
    const { ConflictsCommand } = await import('./conflicts.ts');
    return [ConflictsCommand];
  },
  diff: async () => {
    const { DiffCommand } = await import('./diff.ts');
    return [DiffCommand];
  },
  doctor: async () => {
    const { DoctorCommand } = await import('./doctor.ts');
    return [DoctorCommand];
  },
  fleet: async () => {
    const { FleetCommand } = await import('./fleet.ts');
    return [FleetCommand];
  },
  free: async () => {
    const { FreeCommand } = await import('./free.ts');
    return [FreeCommand];
  },
  history: async () => {
    const { HistoryCommand } = await import('./history.ts');
    return [HistoryCommand];
  },
  move: async () => {
    const { MoveCommand } = await import('./move.ts');
    return [MoveCommand];
  },
  ranges: async () => {
    const { RangesCommand } = await import('./ranges.ts');
    return [RangesCommand];
  },
  report: async () => {
    const { ReportCommand } = await import('./report.ts');
    return [ReportCommand];
  },
  schedule: async () => {
    const { ScheduleInstallCommand, ScheduleRemoveCommand, ScheduleShowCommand, ScheduleStatusCommand } = await import('./schedule.ts');
    return [ScheduleInstallCommand, ScheduleRemoveCommand, ScheduleShowCommand, ScheduleStatusCommand];
  },
  snapshot: async () => {
    const { SnapshotCommand } = await import('./snapshot.ts');
    return [SnapshotCommand];
  },
  stats: async () => {
    const { StatsCommand } = await import('./stats.ts');
    return [StatsCommand];
  },
  stop: async () => {
    const { StopCommand } = await import('./stop.ts');
    return [StopCommand];
  },
  store: async () => {
    const { StoreCheckCommand, StoreCreateCommand, StoreShowSqlCommand, StoreUpgradeCommand } = await import('./store.ts');
    return [StoreCheckCommand, StoreCreateCommand, StoreShowSqlCommand, StoreUpgradeCommand];
  },
  wait: async () => {
    const { WaitCommand } = await import('./wait.ts');
    return [WaitCommand];
  },
  watch: async () => {
    const { WatchCommand } = await import('./watch.ts');
    return [WatchCommand];
  },
  why: async () => {
    const { WhyCommand } = await import('./why.ts');
    return [WhyCommand];
  },
  who: '',
  list: '',
  find: '',
  kill: 'stop',
  check: 'why',
};
