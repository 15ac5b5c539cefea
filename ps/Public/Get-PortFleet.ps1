function Get-PortFleet {
    <#
    .SYNOPSIS
        Gets which machines have a listener, and what is new, rare, or missing among all machines in a store.

    .DESCRIPTION
        Without other parameters than -StorePath, it returns the machines in the store, with the time of their newest
        audits. With -Port, -Program, -Service, or -Sha256, it returns the listeners that the newest audits saw. -New,
        -Rare, -Version, and -Missing are other questions, of which one can be asked at a time.

        To compare the listeners of several machines, -Rare uses the protocol, the port, and the file name of the
        program, without .exe and a version number with a dot, but neither its folder nor its address.

    .PARAMETER StorePath
        The file or the database of Invoke-PortAudit -StorePath.

    .PARAMETER Port
        Listeners on these ports: numbers, ranges such as 8000-8100, IANA service names, and dynamic for ports from
        the dynamic range.

    .PARAMETER Program
        Listeners of this executable: its path, or its name. Wildcards are allowed.

    .PARAMETER Service
        Listeners of this service. Wildcards are allowed.

    .PARAMETER Machine
        Only these machines. Wildcards are allowed.

    .PARAMETER Sha256
        Listeners whose executable has this SHA-256 hash, or one that begins with these 8 or more digits.

    .PARAMETER New
        Listeners that appeared in the last 24 hours. The first audit of a machine has no new listeners.

    .PARAMETER Since
        Listeners that appeared after this time: a DateTime, or a text such as 7d, or 2026-01-31T02:00 in UTC.

    .PARAMETER Rare
        Listeners that only one machine has.

    .PARAMETER MaxMachines
        For -Rare: listeners that at most this many machines have.

    .PARAMETER Version
        The versions of each program by their SHA-256 hashes, and the number of machines with each.

    .PARAMETER Missing
        Machines that did not report: their newest audits are older than -MaxAge.

    .PARAMETER MaxAge
        The age from which a newest audit means that its machine is missing: a TimeSpan, or a text such as 25h, which
        is the default.

    .PARAMETER ExpectedPath
        A file with the names of the machines that should report, one in a line; # begins a comment.

    .PARAMETER Column
        Returns only these properties. By default, an object has all.

    .PARAMETER Redact
        Replaces the names of users, machines, home folders, and projects, and IP addresses consistently, and leaves out
        command lines and working directories, so that you can show the answer to others. Names of programs and services
        are kept: review the answer before you send it.

    .INPUTS
        None.

    .OUTPUTS
        PortOwner.FleetMachine
        PortOwner.FleetListener
        PortOwner.PortHistory
        PortOwner.ProgramVersion

    .EXAMPLE
        Get-PortFleet postgres://reader@db.corp/audits 443

        Shows which machines have a listener on port 443.

    .EXAMPLE
        Get-PortFleet audits.db -New | Group-Object Program

        Shows what appeared in the last 24 hours, by program.

    .EXAMPLE
        Get-PortFleet audits.db -Missing -ExpectedPath machines.txt

        Shows which machines did not report.

    .EXAMPLE
        Get-PortFleet audits.db -Version -Program nginx | Export-PortReport nginx.xlsx

        Writes a workbook of the versions of nginx, and where they are.

    .LINK
        about_PortOwner

    .LINK
        Get-PortAudit
    #>
    [CmdletBinding()]
    [OutputType('PortOwner.FleetMachine', 'PortOwner.FleetListener', 'PortOwner.PortHistory', 'PortOwner.ProgramVersion')]
    param(
        [Parameter(Mandatory, Position = 0)]
        [ValidateNotNullOrEmpty()]
        [string] $StorePath,

        [Parameter(Position = 1, ValueFromRemainingArguments)]
        [ValidateNotNullOrEmpty()]
        [string[]] $Port,

        [SupportsWildcards()]
        [ValidateNotNullOrEmpty()]
        [string[]] $Program,

        [SupportsWildcards()]
        [ValidateNotNullOrEmpty()]
        [string[]] $Service,

        [SupportsWildcards()]
        [ValidateNotNullOrEmpty()]
        [string[]] $Machine,

        [ValidatePattern('^[0-9A-Fa-f]{8,64}$')]
        [string] $Sha256,

        [switch] $New,

        [ValidateNotNullOrEmpty()]
        [object] $Since,

        [switch] $Rare,

        [ValidateRange(1, 999999999)]
        [int] $MaxMachines,

        [switch] $Version,

        [switch] $Missing,

        [ValidateNotNullOrEmpty()]
        [object] $MaxAge,

        [ValidateNotNullOrEmpty()]
        [string] $ExpectedPath,

        [ValidateNotNullOrEmpty()]
        [string[]] $Column,

        [switch] $Redact
    )

    end { Invoke-Executable -Cmdlet $PSCmdlet -Function 'Get-PortFleet' -Bound $PSBoundParameters }
}
