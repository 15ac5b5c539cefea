// The platforms with executables, and the Node in each.
import { arm64Runtimes, runtimes } from './runtime.mjs';

export type Platform = 'linux' | 'win' | 'win-arm64';

export const runtimeOf = {
  linux: runtimes['linux-x64'],
  win: runtimes['win32-x64'],
  'win-arm64': arm64Runtimes.target,
};
