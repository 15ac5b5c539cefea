# The parameters for remote machines, in one place: the build inserts them and their help into each function whose
# parameters end with a comment that names this file.
function RemoteParameters {
    <#
    .PARAMETER ComputerName
        Queries these machines over WinRM, in parallel, with nothing installed there. This machine (its own name,
        localhost, .) is queried without remoting.

    .PARAMETER Credential
        The account for -ComputerName.

    .PARAMETER Authentication
        The authentication method of WinRM, as in New-PSSession.

    .PARAMETER UseSSL
        Uses HTTPS for WinRM.

    .PARAMETER SessionOption
        Options for WinRM, as returned by New-PSSessionOption.

    .PARAMETER ConfigurationName
        The session configuration (endpoint) to use. An endpoint without a language (JEA) cannot answer.

    .PARAMETER Session
        Uses these open sessions, which stay open.

    .PARAMETER HostName
        Queries these machines over SSH: server7, ann@server7. This needs PowerShell 7 here, and only an SSH server there:
        without a PowerShell subsystem, the machine is queried with plain ssh.

    .PARAMETER UserName
        The account for -HostName.

    .PARAMETER KeyFilePath
        The private key file for -HostName.

    .PARAMETER SSHConnection
        Queries machines over SSH. Each hashtable describes one machine, as for New-PSSession: HostName, Port, UserName,
        KeyFilePath.

    .PARAMETER RemotingPort
        The port of WinRM or SSH on the remote machine. (-Port belongs to the query.)

    .PARAMETER ThrottleLimit
        The number of machines to query at once. By default, 32.

    .PARAMETER OperationTimeout
        The number of seconds that a machine can take to answer. By default, 180.

    .PARAMETER Deploy
        First copies the portowner executable to each machine that does not have it, so that the machine answers itself:
        with more detail than the script that is used without it, and Test-PortBinding tries to bind there. It goes into
        a folder that only administrators can change, and stays there. This needs an account that is an administrator
        there, or root.

    .PARAMETER Undeploy
        Removes the executable that -Deploy copied, after the machine has answered.

    .PARAMETER AsJob
        Runs in the background, and returns a job.
    #>
    param(
        [Parameter(Mandatory, ParameterSetName = 'ComputerName')]
        [ValidateNotNullOrEmpty()]
        [Alias('Cn')]
        [string[]] $ComputerName,

        [Parameter(ParameterSetName = 'ComputerName')]
        [System.Management.Automation.Credential()]
        [pscredential] $Credential,

        [Parameter(ParameterSetName = 'ComputerName')]
        [System.Management.Automation.Runspaces.AuthenticationMechanism] $Authentication,

        [Parameter(ParameterSetName = 'ComputerName')]
        [switch] $UseSSL,

        [Parameter(ParameterSetName = 'ComputerName')]
        [System.Management.Automation.Remoting.PSSessionOption] $SessionOption,

        [Parameter(ParameterSetName = 'ComputerName')]
        [ValidateNotNullOrEmpty()]
        [string] $ConfigurationName,

        [Parameter(Mandatory, ParameterSetName = 'Session')]
        [ValidateNotNullOrEmpty()]
        [System.Management.Automation.Runspaces.PSSession[]] $Session,

        [Parameter(Mandatory, ParameterSetName = 'HostName')]
        [ValidateNotNullOrEmpty()]
        [string[]] $HostName,

        [Parameter(ParameterSetName = 'HostName')]
        [ValidateNotNullOrEmpty()]
        [string] $UserName,

        [Parameter(ParameterSetName = 'HostName')]
        [ValidateNotNullOrEmpty()]
        [string] $KeyFilePath,

        [Parameter(Mandatory, ParameterSetName = 'SSHConnection')]
        [ValidateNotNullOrEmpty()]
        [hashtable[]] $SSHConnection,

        # Those that need a machine, but not one named in a certain way, are in the set Local as well: without a machine,
        # Assert-Machine says what is missing.
        [Parameter(ParameterSetName = 'Local')]
        [Parameter(ParameterSetName = 'ComputerName')]
        [Parameter(ParameterSetName = 'HostName')]
        [ValidateRange(1, 65535)]
        [int] $RemotingPort,

        [ValidateRange(1, 256)]
        [int] $ThrottleLimit,

        [ValidateRange(1, 86400)]
        [int] $OperationTimeout,

        [switch] $Deploy,

        [switch] $Undeploy,

        [switch] $AsJob
    )
}
