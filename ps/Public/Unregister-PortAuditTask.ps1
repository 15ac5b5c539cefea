function Unregister-PortAuditTask {
    <#
    .SYNOPSIS
        Ends the nightly audits.

    .DESCRIPTION
        Removes the task that Register-PortAuditTask made, and on Windows, with the last task of PortOwner, its event
        source. The baseline, the store and the reports stay. It is an error when there is no such task.

        It takes an elevated PowerShell, or root.

    .PARAMETER Name
        The name of the task, on Windows.

    .INPUTS
        None.

    .OUTPUTS
        PortOwner.AuditTask

    .EXAMPLE
        Unregister-PortAuditTask

        Ends the nightly audits of this machine.

    .EXAMPLE
        Unregister-PortAuditTask -Verbose

        Ends them, and shows how the executable is called.

    .EXAMPLE
        Unregister-PortAuditTask -WhatIf

        Says which task would be removed.

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
        if (-not (Test-ShouldProcess -Cmdlet $PSCmdlet -Target $target -Action 'End the nightly audits')) { return }
        Invoke-Executable -Cmdlet $PSCmdlet -Function 'Unregister-PortAuditTask' -Bound $PSBoundParameters
    }
}
