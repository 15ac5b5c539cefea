import type { ConfiguredPort } from './configured-port.ts';
import { isRegistryPath } from '../system/registry.ts';
import { lineAt, type TextFile } from './text-file.ts';

/** A place, and what became of it. */
export interface RankedPort extends ConfiguredPort {
  /** Whether no other setting overrides it. */
  readonly isEffective: boolean;
  /** The settings that it overrides. */
  readonly overrides: readonly ConfiguredPort[];
  /** The setting that overrides it. */
  readonly winner: ConfiguredPort | null;
}

/** Describes a position in a file: `/etc/nginx/nginx.conf:3`; a value of the registry has no lines. */
export const positionText = ({ path, text }: TextFile, at: number): string =>
  isRegistryPath(path) ? path : `${path}:${lineAt(text, at)}`;

/** Describes where a place is. */
export function whereText({ source, setting }: ConfiguredPort): string {
  if (source.kind === 'file') return positionText(source.file, source.at);
  return {
    commandLine: 'the command line',
    environment: `the environment variable ${setting}`,
    default: 'the default',
  }[source.kind];
}

/** Describes a setting: `port = 5432 (/etc/postgresql/postgresql.conf:64)`. */
export const settingText = (place: ConfiguredPort): string => `${settingWithValue(place)} (${whereText(place)})`;

/** A setting as its file has it: `listen 80`; a variable of the environment as it is set: `PORT=80`. */
export const settingWithValue = ({ setting, value, source }: ConfiguredPort): string =>
  `${setting}${source.kind === 'environment' ? '=' : ' '}${value}`;

/** Decides which of the settings with the same key wins: the one with the highest rank, and of these, the last. */
export function ranked(places: readonly ConfiguredPort[]): RankedPort[] {
  const byKey = Map.groupBy(
    places.filter(({ key }) => key !== null),
    ({ key }) => key!,
  );
  const winners = new Map<string, ConfiguredPort>();
  for (const [key, group] of byKey)
    winners.set(
      key,
      group.reduce((best, next) => (next.rank >= best.rank ? next : best)),
    );
  // A default that something overrides says nothing.
  const isLosingDefault = (place: ConfiguredPort): boolean =>
    place.source.kind === 'default' && place.key !== null && winners.get(place.key) !== place;
  const rank = (place: ConfiguredPort): RankedPort => {
    const winner = place.key === null ? place : winners.get(place.key)!;
    const group = winner === place && place.key !== null ? byKey.get(place.key)! : [];
    const overrides = group.filter((one) => one !== place && one.source.kind !== 'default');
    return { ...place, isEffective: winner === place, overrides, winner: winner === place ? null : winner };
  };
  return places.filter((place) => !isLosingDefault(place)).map(rank);
}
