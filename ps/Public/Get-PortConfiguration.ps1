function Get-PortConfiguration {
    <#
    .SYNOPSIS
        Gets the file, line, and setting in which a port is configured.

    .DESCRIPTION
        Get-PortConfiguration starts at the program that listens on a port: its arguments, its working directory, and
        its environment lead to its configuration files, including those that they include. Servers that do not run are
        found by the default places of their files. Without ports, it returns every port that a configuration asks for.

        If several settings compete, it returns all of them: IsEffective is false for those that are overridden, and
        Overrides lists them at the setting that wins. An unknown value is empty, and Reason says why. If a server still
        listens on a port because it started before its configuration was changed, a warning says so.

    .PARAMETER Port
        The ports: numbers, ranges such as 8000-8100, and IANA service names such as https.

    .PARAMETER InputObject
        What is piped in: ports, or objects with a property LocalPort, such as the rows of Get-PortOwner and
        Get-NetTCPConnection.

    .PARAMETER Application
        Only this kind of server: nginx, PostgreSQL, and so on.

    .PARAMETER Path
        Only this configuration file, or value of the Windows registry: HKLM:\SYSTEM\...\PortNumber.

    .PARAMETER Column
        Returns only these properties. By default, an object has all.

    .PARAMETER Redact
        Replaces the names of people, machines, and projects in the output.

    .INPUTS
        Ports, or objects with a property LocalPort.

    .OUTPUTS
        PortOwner.Configuration

    .EXAMPLE
        Get-PortConfiguration 8080

        Shows where port 8080 is configured.

    .EXAMPLE
        Get-PortOwner -ImageName nginx | Get-PortConfiguration

        Shows where the ports are configured that nginx listens on.

    .EXAMPLE
        Get-PortConfiguration -Application nginx | Format-Table Port, File, Line

        Lists the ports of nginx with their places.

    .EXAMPLE
        Get-PortConfiguration | Where-Object { -not $_.IsEffective }

        Lists the settings that others override.

    .LINK
        about_PortOwner

    .LINK
        Get-PortOwner
    #>
    [CmdletBinding()]
    [OutputType('PortOwner.Configuration')]
    param(
        [Parameter(Position = 0, ValueFromRemainingArguments)]
        [ValidateNotNullOrEmpty()]
        [Alias('LocalPort')]
        [string[]] $Port,

        [Parameter(ValueFromPipeline)]
        [AllowNull()]
        [object] $InputObject,

        [ValidateNotNullOrEmpty()]
        [string] $Application,

        [ValidateNotNullOrEmpty()]
        [string] $Path,

        [ValidateNotNullOrEmpty()]
        [string[]] $Column,

        [switch] $Redact
    )

    begin {
        Use-CallerPreference -Cmdlet $PSCmdlet
        $operands = [ordered]@{}
        foreach ($text in Get-PortText -Cmdlet $PSCmdlet -Port $Port) { $operands[$text] = $true }
    }

    process {
        foreach ($text in ConvertTo-PortOperand -Cmdlet $PSCmdlet -InputObject $InputObject) { $operands[$text] = $true }
    }

    end {
        # Empty input asks for nothing; only without input is every port meant.
        if ($operands.Count -eq 0 -and ($MyInvocation.ExpectingInput -or $PSBoundParameters.Keys -contains 'InputObject')) { return }
        Invoke-Executable -Cmdlet $PSCmdlet -Function 'Get-PortConfiguration' -Bound $PSBoundParameters -Operand $operands.Keys
    }
}
