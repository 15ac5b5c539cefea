# The executable's commands behind the functions: the only place where parameters meet options. A test holds it
# against the executable's own definitions, so that no command and no option is forgotten. It is a function because
# the import of the module need not wait for it.
#   Command   the words that name the command
#   Always    what every call has
#   Options   a function's parameter = the option behind it
#   Terms     a parameter's value = the option's word for it, where they differ
#   Paths     parameters that are paths
#   Operand   the parameter whose values stand without an option
#   Own       parameters that the function itself reads
#   LeftOut   options that have no parameter, and why
function Get-CommandTable {
    @{
        'Get-PortOwner'     = @{
            Command = @()
            Always  = @('--format=clixml', '--problems=rows')
            Operand = 'Port'
            Own     = @('InputObject')
            Options = [ordered]@{
                All               = '--all'
                Protocol          = '--protocol'
                State             = '--state'
                Id                = '--pid'
                ImageName         = '--image'
                Address           = '--address'
                RemotePort        = '--remote-port'
                User              = '--user'
                Service           = '--service'
                Range             = '--range'
                Resolve           = '--resolve'
                ResolveTimeoutSec = '--resolve'
                Firewall          = '--firewall'
                Column            = '--columns'
                FromSnapshot      = '--from'
            }
            Terms   = @{ Range = @{ WellKnown = 'well-known' } }
            Paths   = @('FromSnapshot')
            LeftOut = @{
                '--sort'   = 'Sort-Object sorts'
                '--count'  = 'Measure-Object counts'
                '--output' = 'Export-Csv, Export-Clixml and Out-File write'
                '--excel'  = 'Export-Csv writes'
            }
        }
        'Get-PortRange'     = @{
            Command = @('ranges')
            Always  = @('--format=clixml', '--problems=rows')
            Options = [ordered]@{
                Column       = '--columns'
                FromSnapshot = '--from'
            }
            Paths   = @('FromSnapshot')
            LeftOut = @{
                '--count'  = 'Measure-Object counts'
                '--output' = 'Export-Csv, Export-Clixml and Out-File write'
                '--excel'  = 'Export-Csv writes'
            }
        }
        'Get-FreePort'      = @{
            Command = @('free')
            Always  = @('--format=clixml', '--problems=rows')
            Options = [ordered]@{
                Count             = '--count'
                Range             = '--range'
                Near              = '--near'
                Consecutive       = '--consecutive'
                Protocol          = '--protocol'
                Address           = '--address'
                IncludeRegistered = '--registered'
                Except            = '--except'
                PolicyPath        = '--policy'
                BaselinePath      = '--baseline'
                Explain           = '--explain'
                HoldSec           = '--hold'
                Column            = '--columns'
            }
            Paths   = @('PolicyPath', 'BaselinePath')
            LeftOut = @{
                '--output' = 'Export-Csv, Export-Clixml and Out-File write'
                '--excel'  = 'Export-Csv writes'
            }
        }
        'Stop-PortOwner'    = @{
            Command = @('stop')
            Always  = @('--format=clixml', '--problems=rows')
            Operand = 'Port'
            Own     = @('InputObject')
            Options = [ordered]@{
                Id         = '--pid'
                Protocol   = '--protocol'
                Address    = '--address'
                Force      = '--force'
                TimeoutSec = '--timeout'
            }
            LeftOut = @{
                '--dry-run' = 'ShouldProcess is asked about each target of a dry run'
                '--yes'     = 'only what ShouldProcess approved is stopped'
                '--columns' = 'Select-Object selects'
                '--count'   = 'Measure-Object counts'
                '--output'  = 'Export-Csv, Export-Clixml and Out-File write'
                '--excel'   = 'Export-Csv writes'
            }
        }
        'Test-PortBinding'  = @{
            Command = @('why')
            Always  = @('--format=clixml', '--problems=rows')
            Operand = 'Port'
            Own     = @('InputObject')
            Options = [ordered]@{
                ErrorText    = '--error'
                Protocol     = '--protocol'
                Address      = '--address'
                IPv6Only     = '--ipv6-only'
                Exclusive    = '--exclusive'
                Reuse        = '--reuse'
                Column       = '--columns'
                FromSnapshot = '--from'
            }
            Terms   = @{ Reuse = @{ Address = 'address'; Port = 'port' } }
            Paths   = @('FromSnapshot')
            LeftOut = @{
                '--count'  = 'Measure-Object counts'
                '--output' = 'Export-Csv, Export-Clixml and Out-File write'
                '--excel'  = 'Export-Csv writes'
            }
        }
        'Get-PortConflict'  = @{
            Command = @('conflicts')
            Always  = @('--format=clixml', '--problems=rows')
            Options = [ordered]@{
                Severity     = '--severity'
                Column       = '--columns'
                FromSnapshot = '--from'
            }
            Terms   = @{ Severity = @{ Error = 'error'; Warning = 'warning'; Information = 'information' } }
            Paths   = @('FromSnapshot')
            LeftOut = @{
                '--count'  = 'Measure-Object counts'
                '--output' = 'Export-Csv, Export-Clixml and Out-File write'
                '--excel'  = 'Export-Csv writes'
            }
        }
        'New-PortBaseline'  = @{
            Command = @('baseline', 'create')
            Always  = @('--format=clixml', '--problems=rows')
            Operand = 'Path'
            Options = [ordered]@{
                IncludeHash  = '--hash'
                Force        = '--force'
                FromSnapshot = '--from'
            }
            Paths   = @('FromSnapshot')
            LeftOut = @{
                '--columns' = 'Select-Object selects'
                '--count'   = 'Measure-Object counts'
                '--output'  = 'Export-Csv, Export-Clixml and Out-File write'
                '--excel'   = 'Export-Csv writes'
            }
        }
        'Update-PortBaseline' = @{
            Command = @('baseline', 'update')
            Always  = @('--format=clixml', '--problems=rows')
            Operand = 'Path'
            Options = [ordered]@{
                Force        = '--force'
                KeepClosed   = '--keep-closed'
                IncludeHash  = '--hash'
                FromSnapshot = '--from'
            }
            Paths   = @('FromSnapshot')
            LeftOut = @{
                '--dry-run' = 'Invoke-PortAudit says what differs'
                '--columns' = 'Select-Object selects'
                '--count'   = 'Measure-Object counts'
                '--output'  = 'Export-Csv, Export-Clixml and Out-File write'
                '--excel'   = 'Export-Csv writes'
            }
        }
        'Get-PortBaseline'  = @{
            Command = @('baseline', 'show')
            Always  = @('--format=clixml', '--problems=rows')
            Operand = 'Path'
            Options = [ordered]@{ Column = '--columns' }
            LeftOut = @{
                '--count'  = 'Measure-Object counts'
                '--output' = 'Export-Csv, Export-Clixml and Out-File write'
                '--excel'  = 'Export-Csv writes'
            }
        }
        'Compare-PortSnapshot' = @{
            Command = @('diff')
            Always  = @('--format=clixml', '--problems=rows')
            Operand = 'ReferencePath'
            Own     = @('DifferencePath')
            Options = [ordered]@{
                IncludeHash = '--hash'
                Column      = '--columns'
            }
            LeftOut = @{
                '--count'  = 'Measure-Object counts'
                '--output' = 'Export-Csv, Export-Clixml and Out-File write'
                '--excel'  = 'Export-Csv writes'
            }
        }
        'Invoke-PortAudit'  = @{
            Command = @('audit')
            Always  = @('--format=clixml', '--problems=rows')
            Options = [ordered]@{
                BaselinePath = '--baseline'
                PolicyPath   = '--policy'
                StorePath    = '--store'
                ReportPath   = '--report'
                KeepDay      = '--keep'
                IncludeHash  = '--hash'
                EventLog     = '--event-log'
                Column       = '--columns'
                FromSnapshot = '--from'
            }
            Paths   = @('BaselinePath', 'PolicyPath', 'StorePath', 'ReportPath', 'FromSnapshot')
            LeftOut = @{
                '--fail-on'      = 'there is no exit code: Where-Object selects by Severity'
                '--forget-later' = 'a store is repaired by hand'
                '--count'        = 'Measure-Object counts'
                '--output'       = '-ReportPath writes files'
                '--excel'        = '-ReportPath writes files'
            }
        }
        'Get-PortAudit'     = @{
            Command = @('history')
            Always  = @('--format=clixml', '--problems=rows')
            Operand = 'Port'
            Options = [ordered]@{
                StorePath = '--store'
                Program   = '--program'
                Service   = '--service'
                Machine   = '--machine'
                Last      = '--last'
                Column    = '--columns'
            }
            Paths   = @('StorePath')
            LeftOut = @{
                '--count'  = 'Measure-Object counts'
                '--output' = 'Export-Csv, Export-Clixml and Out-File write'
                '--excel'  = 'Export-Csv writes'
            }
        }
        'Save-PortSnapshot' = @{
            Command = @('snapshot')
            Always  = @('--problems=rows')
            Options = [ordered]@{
                Path               = '--output'
                RawPath            = '--raw'
                IncludeCommandLine = '--command-lines'
                IncludeHash        = '--hash'
            }
            Own     = @('PassThru')
            Paths   = @('Path', 'RawPath')
            LeftOut = @{}
        }
        'Register-PortAuditTask' = @{
            Command = @('schedule', 'install')
            Always  = @('--format=clixml', '--problems=rows')
            Options = [ordered]@{
                BaselinePath      = '--baseline'
                PolicyPath        = '--policy'
                StorePath         = '--store'
                ReportPath        = '--report'
                FailOn            = '--fail-on'
                KeepDay           = '--keep'
                IncludeHash       = '--hash'
                EventLog          = '--event-log'
                At                = '--at'
                RandomDelayMinute = '--random-delay'
                TimeLimitMinute   = '--time-limit'
                Account           = '--account'
                ExecutablePath    = '--executable'
                Name              = '--name'
            }
            Paths   = @('BaselinePath', 'PolicyPath', 'StorePath', 'ReportPath', 'ExecutablePath')
            LeftOut = @{
                '--root'    = 'it is for images of Linux'
                '--columns' = 'Select-Object selects'
                '--count'   = 'Measure-Object counts'
                '--output'  = 'Export-Csv, Export-Clixml and Out-File write'
                '--excel'   = 'Export-Csv writes'
            }
        }
        'Unregister-PortAuditTask' = @{
            Command = @('schedule', 'remove')
            Always  = @('--format=clixml', '--problems=rows')
            Options = [ordered]@{ Name = '--name' }
            LeftOut = @{
                '--root'    = 'it is for images of Linux'
                '--columns' = 'Select-Object selects'
                '--count'   = 'Measure-Object counts'
                '--output'  = 'Export-Csv, Export-Clixml and Out-File write'
                '--excel'   = 'Export-Csv writes'
            }
        }
        'Get-PortAuditTask' = @{
            Command = @('schedule', 'status')
            Always  = @('--format=clixml', '--problems=rows')
            Options = [ordered]@{
                Name   = '--name'
                Column = '--columns'
            }
            LeftOut = @{
                '--root'   = 'it is for images of Linux'
                '--count'  = 'Measure-Object counts'
                '--output' = 'Export-Csv, Export-Clixml and Out-File write'
                '--excel'  = 'Export-Csv writes'
            }
        }
    }
}

# Options that the module itself decides on.
$script:OwnOptions = @{
    '--format'   = 'objects come as CLIXML'
    '--problems' = 'problems come as rows, and go to the streams they belong to'
    '--stream'   = 'on in PowerShell 7, which reads a document per line'
}

# Commands without a function.
$script:CommandsLeftOut = @{
    'schedule show' = 'Register-PortAuditTask registers; Get-PortAuditTask tells what is registered'
    'completion'    = 'the module completes portowner by itself'
    'doctor'        = 'a check of PortOwner itself, for people'
}
