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
    $rows = '--format=clixml', '--problems=rows'
    # What PowerShell does itself with rows.
    $counting = @{ '--count' = 'Measure-Object counts' }
    $writing = @{
        '--output' = 'Export-Csv, Export-Clixml and Out-File write'
        '--excel'  = 'Export-Csv writes'
    }
    @{
        'Get-PortOwner'     = @{
            Command = @()
            Always  = $rows
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
            LeftOut = $writing + $counting + @{
                '--sort' = 'Sort-Object sorts'
            }
        }
        'Get-PortRange'     = @{
            Command = @('ranges')
            Always  = $rows
            Options = [ordered]@{
                Column       = '--columns'
                FromSnapshot = '--from'
            }
            Paths   = @('FromSnapshot')
            LeftOut = $writing + $counting
        }
        'Get-FreePort'      = @{
            Command = @('free')
            Always  = $rows
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
            LeftOut = $writing
        }
        'Stop-PortOwner'    = @{
            Command = @('stop')
            Always  = $rows
            Operand = 'Port'
            Own     = @('InputObject')
            Options = [ordered]@{
                Id         = '--pid'
                Protocol   = '--protocol'
                Address    = '--address'
                Force      = '--force'
                TimeoutSec = '--timeout'
            }
            LeftOut = $writing + $counting + @{
                '--dry-run' = 'ShouldProcess is asked about each target of a dry run'
                '--yes'     = 'only what ShouldProcess approved is stopped'
                '--columns' = 'Select-Object selects'
            }
        }
        'Test-PortBinding'  = @{
            Command = @('why')
            Always  = $rows
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
            LeftOut = $writing + $counting
        }
        'Get-PortConflict'  = @{
            Command = @('conflicts')
            Always  = $rows
            Options = [ordered]@{
                Severity     = '--severity'
                Column       = '--columns'
                FromSnapshot = '--from'
            }
            Terms   = @{ Severity = @{ Error = 'error'; Warning = 'warning'; Information = 'information' } }
            Paths   = @('FromSnapshot')
            LeftOut = $writing + $counting
        }
        'New-PortBaseline'  = @{
            Command = @('baseline', 'create')
            Always  = $rows
            Operand = 'Path'
            Options = [ordered]@{
                IncludeHash  = '--hash'
                Force        = '--force'
                FromSnapshot = '--from'
            }
            Paths   = @('FromSnapshot')
            LeftOut = $writing + $counting + @{
                '--columns' = 'Select-Object selects'
            }
        }
        'Update-PortBaseline' = @{
            Command = @('baseline', 'update')
            Always  = $rows
            Operand = 'Path'
            Options = [ordered]@{
                Force        = '--force'
                KeepClosed   = '--keep-closed'
                IncludeHash  = '--hash'
                FromSnapshot = '--from'
            }
            Paths   = @('FromSnapshot')
            LeftOut = $writing + $counting + @{
                '--dry-run' = 'Invoke-PortAudit says what differs'
                '--columns' = 'Select-Object selects'
            }
        }
        'Get-PortBaseline'  = @{
            Command = @('baseline', 'show')
            Always  = $rows
            Operand = 'Path'
            Options = [ordered]@{ Column = '--columns' }
            LeftOut = $writing + $counting
        }
        'Compare-PortSnapshot' = @{
            Command = @('diff')
            Always  = $rows
            Operand = 'ReferencePath'
            Own     = @('DifferencePath')
            Options = [ordered]@{
                IncludeHash = '--hash'
                Column      = '--columns'
            }
            LeftOut = $writing + $counting
        }
        'Invoke-PortAudit'  = @{
            Command = @('audit')
            Always  = $rows
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
            Always  = $rows
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
            LeftOut = $writing + $counting
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
            Always  = $rows
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
            LeftOut = $writing + $counting + @{
                '--root'    = 'it is for images of Linux'
                '--columns' = 'Select-Object selects'
            }
        }
        'Unregister-PortAuditTask' = @{
            Command = @('schedule', 'remove')
            Always  = $rows
            Options = [ordered]@{ Name = '--name' }
            LeftOut = $writing + $counting + @{
                '--root'    = 'it is for images of Linux'
                '--columns' = 'Select-Object selects'
            }
        }
        'Get-PortAuditTask' = @{
            Command = @('schedule', 'status')
            Always  = $rows
            Options = [ordered]@{
                Name   = '--name'
                Column = '--columns'
            }
            LeftOut = $writing + $counting + @{
                '--root' = 'it is for images of Linux'
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
