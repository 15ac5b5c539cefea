function Set-PortConfiguration {
    <#
    .SYNOPSIS
        Moves a server to another port, in its own configuration.

    .DESCRIPTION
        Set-PortConfiguration finds where a port is configured, as Get-PortConfiguration does, and changes only the
        number: comments, order, encoding, owner, and permissions of the files stay. It shows the changes and what else
        names the port, and asks, unless you use -Confirm:$false; in a noninteractive session, it changes nothing without
        that, and reports an error. -WhatIf only shows them.

        The server's own check runs before and after; if it fails, every file is restored. With -Restart, the service
        is reloaded or restarted, and the move is undone if the server does not own the new port within -TimeoutSec. If
        nothing can restart the server, -Restart is an error, before anything is changed.

        portowner move --undo shows what it restores, asks, and restores the files of the last move.

    .PARAMETER Port
        The port that the server is configured for.

    .PARAMETER InputObject
        Objects with a Port or a LocalPort, such as those of Get-PortConfiguration and Get-PortOwner: the server that is
        configured for it is moved, once, of the Application and in the File that the object names. Those of other
        computers are refused.

    .PARAMETER NewPort
        The new port, or auto for a free one.

    .PARAMETER Application
        Only this kind of server: nginx, PostgreSQL, and so on.

    .PARAMETER Path
        Only this configuration file, or value of the Windows registry: HKLM:\SYSTEM\...\PortNumber.

    .PARAMETER Restart
        Reloads or restarts the server, and checks its ports.

    .PARAMETER Force
        Also changes files that another tool manages, or whose configuration is not valid.

    .PARAMETER TimeoutSec
        With -Restart: how long to wait for the new port. By default, 30 seconds.

    .INPUTS
        PortOwner.Configuration, PortOwner.Endpoint

    .OUTPUTS
        PortOwner.MoveResult

    .EXAMPLE
        Set-PortConfiguration 8080 auto -WhatIf

        Shows what would be changed.

    .EXAMPLE
        Set-PortConfiguration 8080 8090 -Restart -WhatIf

        Without -WhatIf, asks, moves the server, and reloads or restarts it.

    .EXAMPLE
        Set-PortConfiguration 8080 8090 -Application nginx -Restart -TimeoutSec 10 -WhatIf

        Without -WhatIf, moves only nginx, and restores its files if it does not own the port after 10 seconds.

    .EXAMPLE
        Get-PortConfiguration 3000 -Application Node.js | Set-PortConfiguration -NewPort 3005 -WhatIf

        Shows what would be changed to move the Node.js program that is configured for port 3000.

    .LINK
        about_PortOwner

    .LINK
        Get-PortConfiguration
    #>
    [CmdletBinding(DefaultParameterSetName = 'Port', SupportsShouldProcess, ConfirmImpact = 'High')]
    [OutputType('PortOwner.MoveResult')]
    param(
        [Parameter(Mandatory, Position = 0, ParameterSetName = 'Port')]
        [ValidateRange(1, 65535)]
        [int] $Port,

        [Parameter(Mandatory, ValueFromPipeline, ParameterSetName = 'Object')]
        [AllowNull()]
        [object] $InputObject,

        [Parameter(Mandatory, Position = 1, ParameterSetName = 'Port')]
        [Parameter(Mandatory, Position = 0, ParameterSetName = 'Object')]
        [ValidateNotNullOrEmpty()]
        [Alias('To')]
        [string] $NewPort,

        [ValidateNotNullOrEmpty()]
        [string] $Application,

        [ValidateNotNullOrEmpty()]
        [string] $Path,

        [switch] $Restart,

        [switch] $Force,

        [ValidateRange(0, 3600)]
        [int] $TimeoutSec
    )

    begin {
        Use-CallerPreference -Cmdlet $PSCmdlet
        $moved = @{}
    }

    process {
        foreach ($one in ConvertTo-MoveRequest -Cmdlet $PSCmdlet -Bound $PSBoundParameters) {
            # A server that listens on several addresses, or in several files, has a row for each.
            $key = "$($one.Port) $($one['Application'])"
            $place = "$($one['Path']):"
            if ($moved[$key] -and ($place -eq ':' -or @($moved[$key].Keys | Where-Object { $_.StartsWith($place) }).Count -gt 0)) { continue }
            if (-not $moved[$key]) { $moved[$key] = @{} }
            $moved[$key][$place] = $true
            $computer = $one['RowComputer']
            $one.Remove('RowComputer')
            $plan = Get-MoveApproval -Cmdlet $PSCmdlet -Bound $one -Computer $computer -Seen $moved[$key]
            if ($null -eq $plan) { continue }
            # What was shown is done, also for auto.
            $one['NewPort'] = "$($plan.NewPort)"
            Invoke-Executable -Cmdlet $PSCmdlet -Function 'Set-PortConfiguration' -Bound $one -Extra '--yes'
        }
    }
}
