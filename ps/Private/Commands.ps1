# Generated from the files in src/commands by "node build.mjs generate": do not edit.
# The executable's commands behind the functions: the only place where parameters meet options. It is a function
# because the import of the module need not wait for it.
#   Command   the words that name the command
#   Always    what every call has
#   Operand   the parameters whose values stand without an option
#   Own       parameters that the function itself reads
#   Options   a function's parameter = the option behind it
#   Terms     a parameter's value = the option's word for it, where they differ
#   Values    what a parameter completes with
#   Paths     parameters that are paths
#   Endings   the extensions of the file that it writes
function Get-CommandTable {
    @{
        'Get-PortOwner' = @{
            Command = @()
            Always  = @('--format=clixml', '--problems=rows')
            Operand = @('Port')
            Own     = @('InputObject')
            Options = [ordered]@{
                All = '--all'
                Protocol = '--protocol'
                State = '--state'
                Id = '--pid'
                ImageName = '--image'
                Address = '--address'
                RemotePort = '--remote-port'
                User = '--user'
                Service = '--service'
                Range = '--range'
                Resolve = '--resolve'
                ResolveTimeoutSec = '--resolve'
                Firewall = '--firewall'
                Tree = '--tree'
                IncludeCommandLine = '--command-lines'
                Column = '--columns'
                FromSnapshot = '--from'
                Redact = '--redact'
            }
            Terms   = @{ Range = @{ WellKnown = 'well-known' } }
            Values  = @{ Protocol = @('TCP', 'UDP'); State = @('Bound', 'Closed', 'CloseWait', 'Closing', 'DeleteTCB', 'Established', 'FinWait1', 'FinWait2', 'LastAck', 'Listen', 'SynReceived', 'SynSent', 'TimeWait'); Range = @('WellKnown', 'Registered', 'Dynamic') }
            Paths   = @('FromSnapshot')
        }
        'Invoke-PortAudit' = @{
            Command = @('audit')
            Always  = @('--format=clixml', '--problems=rows')
            Options = [ordered]@{
                BaselinePath = '--baseline'
                PolicyPath = '--policy'
                StorePath = '--store'
                SpoolPath = '--spool'
                ReportPath = '--report'
                KeepDay = '--keep'
                IncludeHash = '--hash'
                EventLog = '--event-log'
                Redact = '--redact'
                Column = '--columns'
                FromSnapshot = '--from'
            }
            Paths   = @('BaselinePath', 'PolicyPath', 'StorePath', 'SpoolPath', 'ReportPath', 'FromSnapshot')
        }
        'New-PortBaseline' = @{
            Command = @('baseline', 'create')
            Always  = @('--format=clixml', '--problems=rows')
            Operand = @('Path')
            Options = [ordered]@{
                IncludeHash = '--hash'
                Force = '--force'
                FromSnapshot = '--from'
            }
            Paths   = @('Path', 'FromSnapshot')
        }
        'Get-PortBaseline' = @{
            Command = @('baseline', 'show')
            Always  = @('--format=clixml', '--problems=rows')
            Operand = @('Path')
            Options = [ordered]@{
                Column = '--columns'
            }
            Paths   = @('Path')
        }
        'Update-PortBaseline' = @{
            Command = @('baseline', 'update')
            Always  = @('--format=clixml', '--problems=rows')
            Operand = @('Path')
            Options = [ordered]@{
                Force = '--force'
                KeepClosed = '--keep-closed'
                IncludeHash = '--hash'
                FromSnapshot = '--from'
            }
            Paths   = @('Path', 'FromSnapshot')
        }
        'Get-PortConfiguration' = @{
            Command = @('config')
            Always  = @('--format=clixml', '--problems=rows')
            Operand = @('Port')
            Own     = @('InputObject')
            Options = [ordered]@{
                Application = '--app'
                Path = '--path'
                Column = '--columns'
                Redact = '--redact'
            }
            Paths   = @('Path')
        }
        'Get-PortConflict' = @{
            Command = @('conflicts')
            Always  = @('--format=clixml', '--problems=rows')
            Operand = @('Port')
            Options = [ordered]@{
                Severity = '--severity'
                Column = '--columns'
                FromSnapshot = '--from'
                Redact = '--redact'
            }
            Terms   = @{ Severity = @{ Error = 'error'; Warning = 'warning'; Information = 'information' } }
            Values  = @{ Severity = @('Error', 'Warning', 'Information') }
            Paths   = @('FromSnapshot')
        }
        'Compare-PortSnapshot' = @{
            Command = @('diff')
            Always  = @('--format=clixml', '--problems=rows')
            Operand = @('ReferencePath', 'DifferencePath')
            Options = [ordered]@{
                IncludeHash = '--hash'
                Column = '--columns'
                Redact = '--redact'
            }
            Paths   = @('ReferencePath', 'DifferencePath')
        }
        'Get-PortFleet' = @{
            Command = @('fleet')
            Always  = @('--format=clixml', '--problems=rows')
            Operand = @('Port')
            Options = [ordered]@{
                StorePath = '--store'
                Program = '--program'
                Service = '--service'
                Machine = '--machine'
                Sha256 = '--sha256'
                New = '--new'
                Since = '--since'
                Rare = '--rare'
                MaxMachines = '--max-machines'
                Version = '--versions'
                Missing = '--missing'
                MaxAge = '--max-age'
                ExpectedPath = '--expected'
                Column = '--columns'
                Redact = '--redact'
            }
            Paths   = @('StorePath', 'ExpectedPath')
        }
        'Get-FreePort' = @{
            Command = @('free')
            Always  = @('--format=clixml', '--problems=rows')
            Operand = @('Port')
            Options = [ordered]@{
                Count = '--count'
                Range = '--range'
                Near = '--near'
                Consecutive = '--consecutive'
                Protocol = '--protocol'
                Address = '--address'
                IncludeRegistered = '--registered'
                Except = '--except'
                PolicyPath = '--policy'
                BaselinePath = '--baseline'
                Explain = '--explain'
                HoldSec = '--hold'
                Column = '--columns'
                Redact = '--redact'
            }
            Values  = @{ Protocol = @('TCP', 'UDP', 'Both') }
            Paths   = @('PolicyPath', 'BaselinePath')
        }
        'Get-PortAudit' = @{
            Command = @('history')
            Always  = @('--format=clixml', '--problems=rows')
            Operand = @('Port')
            Options = [ordered]@{
                StorePath = '--store'
                Program = '--program'
                Service = '--service'
                Machine = '--machine'
                Last = '--last'
                Column = '--columns'
                Redact = '--redact'
            }
            Paths   = @('StorePath')
        }
        'Set-PortConfiguration' = @{
            Command = @('move')
            Always  = @('--format=clixml', '--problems=rows')
            Operand = @('Port')
            Own     = @('InputObject')
            Options = [ordered]@{
                NewPort = '--to'
                Application = '--app'
                Path = '--path'
                Restart = '--restart'
                Force = '--force'
                TimeoutSec = '--timeout'
            }
            Values  = @{ NewPort = @('Auto') }
            Paths   = @('Path')
        }
        'Get-PortRange' = @{
            Command = @('ranges')
            Always  = @('--format=clixml', '--problems=rows')
            Options = [ordered]@{
                Column = '--columns'
                FromSnapshot = '--from'
            }
            Paths   = @('FromSnapshot')
        }
        'Export-PortReport' = @{
            Command = @('report')
            Always  = @('--problems=rows')
            Own     = @('InputObject', 'UseCulture', 'NoClobber', 'Show', 'PassThru')
            Options = [ordered]@{
                Path = '--output'
                Title = '--title'
                Column = '--columns'
                Delimiter = '--delimiter'
                Redact = '--redact'
            }
            Paths   = @('Path')
            Endings = @('.txt', '.csv', '.clixml', '.xml', '.json', '.ndjson', '.ecs.ndjson', '.otlp.jsonl', '.prom', '.md', '.sarif', '.html', '.htm', '.xlsx')
        }
        'Register-PortAuditTask' = @{
            Command = @('schedule', 'install')
            Always  = @('--format=clixml', '--problems=rows')
            Options = [ordered]@{
                BaselinePath = '--baseline'
                PolicyPath = '--policy'
                StorePath = '--store'
                SpoolPath = '--spool'
                ReportPath = '--report'
                KeepDay = '--keep'
                IncludeHash = '--hash'
                EventLog = '--event-log'
                Redact = '--redact'
                FailOn = '--fail-on'
                At = '--at'
                RandomDelayMinute = '--random-delay'
                TimeLimitMinute = '--time-limit'
                Account = '--account'
                ExecutablePath = '--executable'
                Name = '--name'
            }
            Values  = @{ FailOn = @('Info', 'Low', 'Medium', 'High', 'Critical'); Account = @('SYSTEM') }
            Paths   = @('BaselinePath', 'PolicyPath', 'StorePath', 'SpoolPath', 'ReportPath', 'ExecutablePath')
        }
        'Unregister-PortAuditTask' = @{
            Command = @('schedule', 'remove')
            Always  = @('--format=clixml', '--problems=rows')
            Options = [ordered]@{
                Name = '--name'
            }
        }
        'Get-PortAuditTask' = @{
            Command = @('schedule', 'status')
            Always  = @('--format=clixml', '--problems=rows')
            Options = [ordered]@{
                Name = '--name'
                Column = '--columns'
            }
        }
        'Save-PortSnapshot' = @{
            Command = @('snapshot')
            Always  = @('--problems=rows')
            Own     = @('PassThru')
            Options = [ordered]@{
                Path = '--output'
                RawPath = '--raw'
                IncludeCommandLine = '--command-lines'
                IncludeHash = '--hash'
                Redact = '--redact'
            }
            Paths   = @('Path', 'RawPath')
        }
        'Measure-Port' = @{
            Command = @('stats')
            Always  = @('--format=clixml', '--problems=rows')
            Operand = @('Port')
            Own     = @('InputObject')
            Options = [ordered]@{
                All = '--all'
                Protocol = '--protocol'
                State = '--state'
                Id = '--pid'
                ImageName = '--image'
                Address = '--address'
                RemotePort = '--remote-port'
                User = '--user'
                Service = '--service'
                Range = '--range'
                By = '--by'
                For = '--for'
                Column = '--columns'
                Redact = '--redact'
            }
            Terms   = @{ By = @{ Process = 'process'; Application = 'application'; Port = 'port'; Remote = 'remote'; State = 'state'; Protocol = 'protocol' }; Range = @{ WellKnown = 'well-known' } }
            Values  = @{ Protocol = @('TCP', 'UDP'); State = @('Bound', 'Closed', 'CloseWait', 'Closing', 'DeleteTCB', 'Established', 'FinWait1', 'FinWait2', 'LastAck', 'Listen', 'SynReceived', 'SynSent', 'TimeWait'); Range = @('WellKnown', 'Registered', 'Dynamic'); By = @('Process', 'Application', 'Port', 'Remote', 'State', 'Protocol') }
        }
        'Stop-PortOwner' = @{
            Command = @('stop')
            Always  = @('--format=clixml', '--problems=rows')
            Operand = @('Port')
            Own     = @('InputObject')
            Options = [ordered]@{
                Id = '--pid'
                Protocol = '--protocol'
                Address = '--address'
                Force = '--force'
                TimeoutSec = '--timeout'
                Redact = '--redact'
            }
            Values  = @{ Protocol = @('TCP', 'UDP') }
        }
        'Wait-Port' = @{
            Command = @('wait')
            Always  = @('--format=clixml', '--problems=rows')
            Operand = @('Port')
            Own     = @('InputObject', 'Quiet')
            Options = [ordered]@{
                Open = '--open'
                Free = '--free'
                OwnedBy = '--owned-by'
                Http = '--http'
                HttpPath = '--http'
                TargetName = '--host'
                Any = '--any'
                TimeoutSec = '--timeout'
                Column = '--columns'
                Redact = '--redact'
            }
            Values  = @{ TimeoutSec = @('None') }
        }
        'Watch-Port' = @{
            Command = @('watch')
            Always  = @('--format=clixml', '--problems=rows')
            Operand = @('Port')
            Own     = @('InputObject')
            Options = [ordered]@{
                IntervalSec = '--interval'
                Count = '--count'
                For = '--for'
                Events = '--events'
                Plain = '--plain'
                Column = '--columns'
                Redact = '--redact'
            }
        }
        'Test-PortBinding' = @{
            Command = @('why')
            Always  = @('--format=clixml', '--problems=rows')
            Operand = @('Port')
            Own     = @('InputObject')
            Options = [ordered]@{
                ErrorText = '--error'
                Protocol = '--protocol'
                Address = '--address'
                IPv6Only = '--ipv6-only'
                Exclusive = '--exclusive'
                Reuse = '--reuse'
                Column = '--columns'
                FromSnapshot = '--from'
                Redact = '--redact'
            }
            Terms   = @{ Reuse = @{ Address = 'address'; Port = 'port' } }
            Values  = @{ Protocol = @('TCP', 'UDP'); Reuse = @('Address', 'Port') }
            Paths   = @('FromSnapshot')
        }
    }
}
