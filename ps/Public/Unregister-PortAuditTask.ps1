function Unregister-PortAuditTask {
    <#
    .SYNOPSIS
        Removes the nightly audit.

    .DESCRIPTION
        Removes the task that Register-PortAuditTask created and, on Windows, the event source with the last PortOwner
        task. The baseline, the store, and the reports stay. If the task does not exist, that is an error.

        It needs an elevated PowerShell, or root.

    .PARAMETER Name
        The name of the task, on Windows.

    .INPUTS
        None.

    .OUTPUTS
        PortOwner.AuditTask

    .EXAMPLE
        Unregister-PortAuditTask

        Removes the nightly audit of this machine.

    .EXAMPLE
        Unregister-PortAuditTask -Verbose

        Removes it, and shows how the executable is called.

    .EXAMPLE
        Unregister-PortAuditTask -WhatIf

        Shows which task would be removed.

    .LINK
        about_PortOwner

    .LINK
        Register-PortAuditTask
    #>
    [CmdletBinding(SupportsShouldProcess)]
    [OutputType('PortOwner.AuditTask')]
    param(
        [Parameter(Position = 0)]
        [ValidateNotNullOrEmpty()]
        [string] $Name
    )

    end {
        $target = if ($Name) { $Name } else { 'PortOwner audit' }
        if (-not (Test-ShouldProcess -Cmdlet $PSCmdlet -Target $target -Action 'Remove the nightly audit')) { return }
        Invoke-Executable -Cmdlet $PSCmdlet -Function 'Unregister-PortAuditTask' -Bound $PSBoundParameters
    }
}
