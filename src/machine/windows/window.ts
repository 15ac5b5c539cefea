import { systemLibrary, wideText } from './ffi.ts';

// https://learn.microsoft.com/windows/win32/api/winuser/
const user32 = systemLibrary('user32.dll', {
  FindWindowExW: { arguments: ['pointer', 'pointer', 'pointer', 'pointer'], return: 'pointer' },
  GetWindowThreadProcessId: { arguments: ['pointer', 'pointer'], return: 'uint32' },
  GetClassNameW: { arguments: ['pointer', 'pointer', 'int32'], return: 'int32' },
  IsWindowVisible: { arguments: ['pointer'], return: 'int32' },
  GetWindow: { arguments: ['pointer', 'uint32'], return: 'pointer' },
  PostMessageW: { arguments: ['pointer', 'uint32', 'uint64', 'int64'], return: 'int32' },
});

const closeMessage = 0x10;
const ownerOf = 4;
/** No desktop has more windows; a window that closes meanwhile could cause an endless loop. */
const most = 20_000;
/** Console windows: each is reported to belong to a program on it, but closing it ends every program on the console. */
const consoleClasses = new Set(['ConsoleWindowClass', 'PseudoConsoleWindow', 'CASCADIA_HOSTING_WINDOW_CLASS']);

/** The visible windows of a process on this desktop, except owned windows such as dialogs. */
function windowsOf(pid: number): bigint[] {
  const found: bigint[] = [];
  const owner = Buffer.alloc(4);
  const name = Buffer.alloc(512);
  let window = 0n;
  for (let i = 0; i < most; i++) {
    window = user32.FindWindowExW(0n, window, null, null);
    if (window === 0n) break;
    owner.writeUInt32LE(0);
    user32.GetWindowThreadProcessId(window, owner);
    if (
      owner.readUInt32LE() !== pid ||
      user32.IsWindowVisible(window) === 0 ||
      user32.GetWindow(window, ownerOf) !== 0n
    )
      continue;
    user32.GetClassNameW(window, name, name.length / 2);
    if (!consoleClasses.has(wideText(name))) found.push(window);
  }
  return found;
}

/** Asks every window of a process to close, like its Close button. `denied`: it has windows, but none may be asked. */
export function closeWindows(pid: number): { readonly closed: number; readonly denied: boolean } {
  const windows = windowsOf(pid);
  const closed = windows.filter((window) => user32.PostMessageW(window, closeMessage, 0n, 0n) !== 0).length;
  return { closed, denied: windows.length > 0 && closed === 0 };
}
