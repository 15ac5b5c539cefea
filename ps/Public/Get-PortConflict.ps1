function Get-PortConflict {
    <#
    .SYNOPSIS
        Lists current and upcoming port conflicts on this machine.

    .DESCRIPTION
        Get-PortConflict finds ports with several owners (on overlapping addresses or through reuse), programs that
        were started twice, different owners over IPv4 and IPv6, listeners inside the dynamic or an excluded range,
        URLs and rules that need a port that another program owns, and dynamic ports that are running out.

        Severity is Error if something does not work, Warning if it works by luck or not for everybody, and
        Information for what is normal on a healthy machine.

    .PARAMETER Port
        Only conflicts on these ports: numbers, ranges such as 8000-8100, and IANA service names.

    .PARAMETER Severity
        Only conflicts of at least this severity. By default, all.

    .PARAMETER Column
        Returns only these properties. By default, an object has all.

    .PARAMETER FromSnapshot
        Answers from a file instead of this machine: a file written by Save-PortSnapshot, or the output of
        Get-NetTCPConnection, Get-NetUDPEndpoint, Get-Process, and Get-CimInstance Win32_Process or Win32_Service
        saved with Export-Clixml on one machine, in one or more files. Wildcards are allowed.

    .PARAMETER Redact
        Replaces the names of users, machines, home folders, and projects, and IP addresses consistently, and leaves out
        command lines and working directories, so that you can show the answer to others. Names of programs and services
        are kept: review the answer before you send it.

    .INPUTS
        None.

    .OUTPUTS
        PortOwner.Conflict

    .EXAMPLE
        Get-PortConflict 5173

        Lists the conflicts on one port.

    .EXAMPLE
        Get-PortConflict -Severity Warning

        Lists the conflicts that need attention.

    .EXAMPLE
        Get-PortConflict | Format-List

        Shows every conflict with what it means and what to do.

    .EXAMPLE
        Get-PortConflict | Group-Object Kind -NoElement

        Counts the conflicts of each kind.

    .LINK
        about_PortOwner

    .LINK
        Test-PortBinding
    #>
    [CmdletBinding(DefaultParameterSetName = 'Local')]
    [OutputType('PortOwner.Conflict')]
    param(
        [Parameter(Position = 0, ValueFromRemainingArguments)]
        [ValidateNotNullOrEmpty()]
        [Alias('LocalPort')]
        [string[]] $Port,

        [ValidateNotNullOrEmpty()]
        [string] $Severity,

        [ValidateNotNullOrEmpty()]
        [string[]] $Column,

        [Parameter(ParameterSetName = 'Local')]
        [SupportsWildcards()]
        [ValidateNotNullOrEmpty()]
        [string[]] $FromSnapshot,

        [Parameter(ParameterSetName = 'Local')]
        [switch] $Redact

        # Then the parameters of ps/Remote/Parameters.ps1.
    )

    end { Invoke-Executable -Cmdlet $PSCmdlet -Function 'Get-PortConflict' -Bound $PSBoundParameters }
}
