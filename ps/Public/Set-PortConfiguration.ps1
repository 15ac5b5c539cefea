function Set-PortConfiguration {
    <#
    .SYNOPSIS
        Moves a server to another port, in its own configuration.

    .DESCRIPTION
        Set-PortConfiguration finds where a port is configured, as Get-PortConfiguration does, and changes only the
        number: comments, order, encoding, owner, and permissions of the files stay. It asks first, unless you use
        -Confirm:$false; in a noninteractive session, it changes nothing without that, and reports an error.

        The server's own check runs before and after; if it fails, every file is restored. With -Restart, the service
        is reloaded or restarted, and the move is undone if the server does not own the new port within -TimeoutSec.

        portowner move --undo restores the files of the last move.

    .PARAMETER Port
        The port that the server is configured for.

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
        None.

    .OUTPUTS
        PortOwner.MoveResult

    .EXAMPLE
        Set-PortConfiguration 8080 auto -WhatIf

        Shows which server would be moved.

    .EXAMPLE
        Set-PortConfiguration 8080 8090 -Restart -WhatIf

        Without -WhatIf, asks, moves the server, and reloads or restarts it.

    .EXAMPLE
        Set-PortConfiguration 8080 8090 -Application nginx -Restart -TimeoutSec 10 -WhatIf

        Without -WhatIf, moves only nginx, and restores its files if it does not own the port after 10 seconds.

    .LINK
        about_PortOwner

    .LINK
        Get-PortConfiguration
    #>
    [CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'High')]
    [OutputType('PortOwner.MoveResult')]
    param(
        [Parameter(Mandatory, Position = 0)]
        [ValidateRange(1, 65535)]
        [int] $Port,

        [Parameter(Mandatory, Position = 1)]
        [ValidateNotNullOrEmpty()]
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

    end {
        if (-not (Test-ShouldProcess -Cmdlet $PSCmdlet -Target "port $Port" -Action "Move to port $NewPort")) { return }
        Invoke-Executable -Cmdlet $PSCmdlet -Function 'Set-PortConfiguration' -Bound $PSBoundParameters -Extra '--yes'
    }
}
