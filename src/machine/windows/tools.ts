import type { RawEntry, RawSource } from '../../system/raw.ts';
import { Refused } from './errors.ts';
import { powershellCall, systemTool, type ToolCall } from './system-tool.ts';

/** A call that returns objects from Windows PowerShell as CSV. The pipeline has no double quotes. */
function powershell(name: string, pipeline: string): ToolCall {
  return powershellCall(
    name,
    `$ErrorActionPreference='Stop'; $ProgressPreference='SilentlyContinue'; ${pipeline} | ConvertTo-Csv -NoTypeInformation`,
  );
}

const calls: readonly ToolCall[] = [
  { name: 'netstat', program: 'netstat.exe', args: ['-ano'] },
  powershell(
    'net-tcp',
    "Get-NetTCPConnection | Select-Object LocalAddress, LocalPort, RemoteAddress, RemotePort, @{ n = 'State'; e = { [int] $_.State } }, OwningProcess",
  ),
  powershell('net-udp', 'Get-NetUDPEndpoint | Select-Object LocalAddress, LocalPort, OwningProcess'),
];

function answer(name: string): Omit<RawEntry, 'at'> {
  const call = calls.find((one) => one.name === name);
  if (call === undefined) throw new Refused('NotSupported', `Windows has no tool ${name}`);
  return { text: systemTool(call) };
}

/** The system's tools as a source of raw entries: `netstat`, `net-tcp` and `net-udp`, text. */
export function windowsTools(): RawSource {
  return {
    platform: 'win32',
    read(name) {
      const at = new Date().toISOString();
      try {
        return { at, ...answer(name) };
      } catch (error) {
        if (error instanceof Refused) return { at, refusal: error.refusal };
        throw error;
      }
    },
  };
}
