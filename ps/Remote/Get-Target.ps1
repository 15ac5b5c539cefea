# The parameters of a call without those of Parameters.ps1, whose names the build puts into $remoteParameters: what is
# asked of each machine.
function Get-Question {
    param($Bound)

    $question = @{}
    foreach ($name in $Bound.Keys) { if ($remoteParameters -notcontains $name) { $question[$name] = $Bound[$name] } }
    $question
}

# A value as PowerShell reads it in a call; nothing if it has characters that an argument of the executable cannot have.
function ConvertTo-Word {
    param([string] $Text)

    if ($Text -match '["\p{C}]') { return }
    if ($Text -match '^[\w.:/\\][\w.:/\\@-]*$') { $Text } else { "'$($Text -replace "'", "''")'" }
}

# Parameters and their values as a user types them; nothing if one of them cannot be written.
function Get-Word {
    param($Parameter)

    $words = foreach ($name in $Parameter.Keys) {
        if (-not $Parameter[$name]) { continue }
        if ($Parameter[$name] -is [switch]) { "-$name"; continue }
        $word = ConvertTo-Word "$($Parameter[$name])"
        if (-not $word) { return }
        "-$name $word"
    }
    $words -join ' '
}

# The machines that a call asks, in the order in which they are named. Of each: its Id among them, a Key that is its own,
# its Name as the user gave it, by which its rows go back (Find-Connection.ps1), the Way to it in words, the Arguments of Invoke-Command, for SSH the parts of the connection, and Words,
# the parameters that reach it, unless they cannot be written down. This machine has no arguments.
function Get-Target {
    param($Cmdlet, $Bound)

    $id = 0
    $known = @{}
    $targets = if ($Bound['ComputerName']) {
        foreach ($name in $Bound['ComputerName']) {
            if ($known[$name]) { continue }
            $known[$name] = $true
            if (Test-ThisMachine $name) { @{ Name = $name; Way = 'without remoting: it is this machine'; Arguments = $null; Ssh = $null } } else { Get-WinRMTarget -Name $name -Bound $Bound }
        }
    } elseif ($Bound['Session']) {
        foreach ($one in $Bound['Session']) {
            if ($known["$($one.InstanceId)"]) { continue }
            $known["$($one.InstanceId)"] = $true
            @{ Name = $one.ComputerName; Way = "through the session $($one.Name)"; Arguments = @{ Session = $one }; Endpoint = $one.ConfigurationName; Ssh = $null }
        }
    } else {
        if ($PSVersionTable.PSVersion.Major -lt 7) { Write-NoSsh -Cmdlet $Cmdlet }
        $all = @(if ($Bound['HostName']) {
                foreach ($name in $Bound['HostName']) {
                    if ($known[$name]) { continue }
                    $known[$name] = $true
                    @{ HostName = $name; UserName = $Bound['UserName']; KeyFilePath = $Bound['KeyFilePath']; Port = $Bound['RemotingPort'] }
                }
            } else { $Bound['SSHConnection'] })
        foreach ($one in $all) { Get-SshTarget -Cmdlet $Cmdlet -Connection $one -MayAsk:($all.Count -eq 1) }
    }
    foreach ($target in $targets) {
        $target['Id'] = $id++
        $target['Key'] = "$(New-Guid)"
        $target['Name'] = New-ConnectionName $target.Name
        $target['Connection'] = "$($target.Name) $($target['Words'])".TrimEnd()
        $target
    }
}

function Write-NoSsh {
    param($Cmdlet)

    Write-Problem -Cmdlet $Cmdlet -Problem @{
        Severity    = 'Error'
        Code        = 'PO1005'
        Message     = '-HostName and -SSHConnection need PowerShell 7: Windows PowerShell does not support remoting over SSH.'
        Hint        = 'Use WinRM (-ComputerName), PowerShell 7, or the executable: portowner 443 --host server7.'
        Target      = $null
        Category    = 'InvalidArgument'
        Terminating = $true
    }
}

# A name or an address that this machine has, by what it knows itself: a name server might take long, or lie. Of null, which
# counts as absent, nobody asks.
function Test-ThisMachine {
    param([string] $Name)

    $plain = $Name -replace '^\[(.*)\]$', '$1' -replace '(?<=.)\.$'
    if ($plain -in '.', 'localhost', '::1' -or $plain -match '^127\.\d+\.\d+\.\d+$') { return $true }
    if ($plain -match ':' -or $plain -match '^\d+\.\d+\.\d+\.\d+$') {
        $address = ConvertTo-PlainAddress $plain
        return [bool] $address -and @(Get-OwnAddress | ForEach-Object { ConvertTo-PlainAddress $_ }) -contains $address
    }
    @(Get-OwnName) -contains $plain
}

# An address in its shortest form, without its scope; nothing if it is none.
function ConvertTo-PlainAddress {
    param([string] $Text)

    $address = ($Text -replace '%.*') -as [ipaddress]
    if ($address) { "$address" -replace '^::ffff:(?=\d+\.)' }
}

# The addresses of this machine's interfaces.
function Get-OwnAddress {
    if ($ExecutionContext.SessionState.LanguageMode -eq 'FullLanguage') {
        foreach ($one in [System.Net.NetworkInformation.NetworkInterface]::GetAllNetworkInterfaces()) {
            foreach ($address in $one.GetIPProperties().UnicastAddresses) { "$($address.Address)" }
        }
    } elseif (Test-Path -LiteralPath '/proc/net/fib_trie') {
        $before = ''
        foreach ($line in Get-Content -LiteralPath '/proc/net/fib_trie') {
            if ($line -match '/32 host LOCAL') { $before -replace '^.*\|-- ' }
            $before = $line
        }
        foreach ($line in Get-Content -LiteralPath '/proc/net/if_inet6' -ErrorAction Ignore) { (($line -split ' ')[0] -split '(.{4})' -ne '') -join ':' }
    } else {
        Get-CimInstance -Namespace root/StandardCimv2 -ClassName MSFT_NetIPAddress -ErrorAction Ignore | ForEach-Object { $_.IPAddress }
    }
}

# The names of this machine: its own, with its domain, and those that its file of hosts gives to its addresses.
function Get-OwnName {
    $names = @()
    $domains = @()
    $file = '/etc/hosts'
    if ($ExecutionContext.SessionState.LanguageMode -eq 'FullLanguage') {
        $properties = [System.Net.NetworkInformation.IPGlobalProperties]::GetIPGlobalProperties()
        $names += $properties.HostName
        $domains += $properties.DomainName
    } elseif (Test-Path -LiteralPath '/proc/sys/kernel/hostname') {
        $names += Get-Content -LiteralPath '/proc/sys/kernel/hostname'
    }
    if ($PSVersionTable.PSVersion.Major -lt 6 -or $IsWindows) {
        $names += $env:COMPUTERNAME
        $own = Get-ItemProperty -LiteralPath 'HKLM:\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters' -ErrorAction Ignore
        if ($own) {
            $names += $own.PSObject.Properties | Where-Object { $_.Name -eq 'Hostname' } | ForEach-Object { $_.Value }
            $domains += $own.PSObject.Properties | Where-Object { $_.Name -in 'Domain', 'NV Domain', 'DhcpDomain' } | ForEach-Object { $_.Value }
        }
        $domains += $env:USERDNSDOMAIN
        $file = "$env:SystemRoot\System32\drivers\etc\hosts"
    }
    $names
    foreach ($domain in $domains -ne '') { foreach ($name in $names -ne '') { "$name.$domain" } }
    $own = @(Get-OwnAddress | ForEach-Object { ConvertTo-PlainAddress $_ })
    foreach ($line in @(Get-Content -LiteralPath $file -ErrorAction Ignore) -replace '#.*') {
        $address, $given = $line.Trim() -split '\s+'
        $address = ConvertTo-PlainAddress $address
        if ($address -and ($own -contains $address -or $address -like '127.*')) { $given }
    }
}

function Get-WinRMTarget {
    param([string] $Name, $Bound)

    $arguments = @{ ComputerName = $Name }
    foreach ($parameter in 'Credential', 'Authentication', 'UseSSL', 'SessionOption', 'ConfigurationName') {
        if ($Bound.Keys -contains $parameter) { $arguments[$parameter] = $Bound[$parameter] }
    }
    if ($Bound['RemotingPort']) { $arguments['Port'] = $Bound['RemotingPort'] }
    $words = if (-not $arguments['Credential'] -and -not $arguments['SessionOption']) {
        Get-Word ([ordered]@{ ComputerName = $Name; Authentication = $arguments['Authentication']; UseSSL = $Bound['UseSSL']; ConfigurationName = $arguments['ConfigurationName']; RemotingPort = $Bound['RemotingPort'] })
    }
    @{ Name = $Name; Way = 'over WinRM'; Arguments = $arguments; Endpoint = $Bound['ConfigurationName']; Ssh = $null; Words = $words }
}

function Write-BadConnection {
    param($Cmdlet, $Connection, [string] $Message, [string] $Hint)

    Write-Problem -Cmdlet $Cmdlet -Problem @{
        Severity    = 'Error'
        Code        = 'PO1005'
        Message     = $Message
        Hint        = $Hint
        Target      = $Connection
        Category    = 'InvalidArgument'
        Terminating = $true
    }
}

# How many letters have to be inserted, removed, or replaced to make one word of another, whatever their case.
function Get-Distance {
    param([string] $One, [string] $Other)

    $row = @(0..$Other.Length)
    for ($i = 1; $i -le $One.Length; $i++) {
        $next = @($i)
        for ($j = 1; $j -le $Other.Length; $j++) {
            $cost = if ($One[$i - 1] -eq $Other[$j - 1]) { 0 } else { 1 }
            $next += @(($row[$j] + 1), ($next[$j - 1] + 1), ($row[$j - 1] + $cost) | Sort-Object)[0]
        }
        $row = $next
    }
    $row[-1]
}

# A hashtable of -SSHConnection, whose keys may have several names, as a target.
function Get-SshTarget {
    param($Cmdlet, [hashtable] $Connection, [switch] $MayAsk)

    $names = @{ HostName = 'HostName'; ComputerName = 'HostName'; UserName = 'UserName'; KeyFilePath = 'KeyFilePath'; IdentityFilePath = 'KeyFilePath'; Port = 'Port'; Subsystem = 'Subsystem'; ConnectingTimeout = 'ConnectingTimeout'; Options = 'Options' }
    $ssh = @{}
    foreach ($key in $Connection.Keys) {
        if (-not $names["$key"]) {
            $nearest = @($names.Keys | Sort-Object -Property { Get-Distance $_ "$key" }, { $_ })[0]
            $meant = if ($nearest -like "$key*" -or (Get-Distance $nearest "$key") -le 3) { "Did you mean ${nearest}? " }
            Write-BadConnection -Cmdlet $Cmdlet -Connection $Connection -Message "A hashtable in -SSHConnection has the unknown key $key." -Hint "$($meant)The keys are HostName (or ComputerName), UserName, KeyFilePath (or IdentityFilePath), Port, Subsystem, ConnectingTimeout, and Options."
        }
        if ($Connection[$key]) { $ssh[$names["$key"]] = $Connection[$key] }
    }
    if (-not $ssh['HostName']) { Write-BadConnection -Cmdlet $Cmdlet -Connection $Connection -Message 'A hashtable in -SSHConnection has no HostName.' -Hint 'Specify at least @{ HostName = ''server7'' }.' }
    # A name can have a user and a port: ann@web1:2222, ann@[2001:db8::1].
    $given = "$($ssh['HostName'])"
    if ($given -match '^((?<user>[^@]+)@)?(\[(?<host>[^\]]+)\]|(?<host>[^:@\[\]]+))(:(?<port>\d+))?$' -or $given -match '^((?<user>[^@]+)@)?(?<host>[0-9a-f]*:[0-9a-f]*:.*)$') {
        $ssh['HostName'] = $Matches['host']
        if ($Matches['user']) { $ssh['UserName'] = $Matches['user'] }
        if ($Matches['port'] -and -not $ssh['Port']) { $ssh['Port'] = [int] $Matches['port'] }
    }
    if ($ssh['Options'] -and $ssh['Options'] -isnot [System.Collections.IDictionary]) { Write-BadConnection -Cmdlet $Cmdlet -Connection $Connection -Message "A hashtable in -SSHConnection has the Options '$($ssh['Options'])'; expected a hashtable." -Hint 'Specify settings of ssh and their values, such as Options = @{ StrictHostKeyChecking = ''no'' }.' }
    $options = @{}
    # Of several machines each would ask on the same terminal.
    if (-not $MayAsk) { $options['BatchMode'] = 'yes' }
    if ($ssh['Options']) { foreach ($name in $ssh['Options'].Keys) { $options[$name] = $ssh['Options'][$name] } }
    $ssh['Options'] = $options
    if ("$($ssh['UserName'])" -match '["\s\p{C}]') { Write-BadConnection -Cmdlet $Cmdlet -Connection $Connection -Message "The user name '$($ssh['UserName'])' of $($ssh['HostName']) is invalid; expected a name without blanks and quotation marks." -Hint 'PowerShell cannot pass it to ssh: put it into ~/.ssh/config.' }
    $arguments = $ssh.Clone()
    $arguments.Remove('Options')
    # PowerShell accepts IPv6 addresses in brackets only, and ssh without them only.
    if ($ssh['HostName'] -like '*:*:*') { $arguments['HostName'] = "[$($ssh['HostName'])]" }
    if ((Get-Command -Name Invoke-Command).Parameters.Keys -contains 'Options') {
        # What ssh would write to the terminal, the error tells. A machine that does not even refuse is not waited for until
        # the system gives up, after minutes. Before its second attempt, ssh waits for a second: if it ends before PowerShell
        # has written to it, PowerShell itself can end, with an exception that nobody can catch.
        $arguments['Options'] = @{ LogLevel = 'QUIET'; ConnectTimeout = 10; ConnectionAttempts = 2 }
        foreach ($name in $options.Keys) { $arguments['Options'][$name] = $options[$name] }
    }
    if ($arguments['KeyFilePath']) { $arguments['KeyFilePath'] = Resolve-FilePath -Cmdlet $Cmdlet -Path $arguments['KeyFilePath'] }
    $words = if (-not @($ssh['Options'].Keys | Where-Object { $_ -ne 'BatchMode' }) -and -not $ssh['Subsystem'] -and -not $ssh['ConnectingTimeout']) {
        Get-Word ([ordered]@{ HostName = $given; UserName = $(if ($given -notlike '*@*') { $ssh['UserName'] }); KeyFilePath = $ssh['KeyFilePath']; RemotingPort = $ssh['Port'] })
    }
    @{ Name = $given; Way = 'over SSH'; Arguments = $arguments; Endpoint = $null; Ssh = $ssh; Words = $words; Lookup = Start-Lookup "$($ssh['HostName'])" }
}

# Looks for the address of a host in the background; nothing in constrained language mode.
function Start-Lookup {
    param([string] $Name)

    if ($ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage') { return }
    try {
        [System.Net.Dns]::GetHostAddressesAsync(($Name -replace '^.*@'))
    } catch {
        # Such as a name that is too long.
        [System.Threading.Tasks.Task]::FromException($_.Exception)
    }
}

# Whether a host has an address, as Start-Lookup found.
function Test-Lookup {
    param($Lookup)

    while (-not $Lookup.IsCompleted) { Start-Sleep -Milliseconds 20 }
    "$($Lookup.Status)" -eq 'RanToCompletion'
}

# Why ssh would fail at once, because there is none, it rejects its configuration, or the host has no address; nothing if it
# would not. No session is started then: if ssh ends before PowerShell has written to it, PowerShell itself can end, with an
# exception that nobody can catch. (On Linux, Collector/ssh.sh prevents that for whatever reason ssh has.)
function Get-SshFailure {
    param($Target)

    if ($null -eq $Target['Ssh']) { return }
    # ssh would read it as an option, such as a command to run.
    if ("$($Target.Ssh['HostName'])" -like '-*') { return 'the name of a host does not begin with a hyphen.' }
    $program = @(Get-Command -Name ssh -CommandType Application -ErrorAction Ignore)
    if (-not $program) { return 'there is no ssh in the folders of the PATH; install the OpenSSH client.' }
    if ($null -eq $Target['Lookup'] -or (Test-Lookup $Target.Lookup)) { return }
    # The user's configuration may have another name for the host, or a way to it.
    $start = New-Object -TypeName System.Diagnostics.ProcessStartInfo -ArgumentList $program[0].Path
    $ssh = $Target.Ssh
    $words = @('-G') + @(if ($ssh['Port']) { '-p', "$($ssh['Port'])" }) + @(if ($ssh['UserName']) { '-l', "$($ssh['UserName'])" })
    foreach ($name in $ssh['Options'].Keys) { $words += '-o', "$name=$($ssh['Options'][$name])" }
    foreach ($word in $words + '--' + "$($ssh['HostName'])") { $start.ArgumentList.Add($word) }
    $start.RedirectStandardOutput = $true
    $start.RedirectStandardError = $true
    $process = [System.Diagnostics.Process]::Start($start)
    try {
        $errors = $process.StandardError.ReadToEndAsync()
        $lines = @($process.StandardOutput.ReadToEnd() -split '\r?\n')
        $process.WaitForExit()
        if ($process.ExitCode -ne 0) { return ($errors.Result -replace '\s+', ' ').Trim() }
    } finally {
        $process.Dispose()
    }
    if ($lines -match '^proxy(command|jump) (?!none$)') { return }
    $name = @($lines -match '^hostname ')[0] -replace '^hostname '
    if ($name -eq "$($ssh['HostName'])" -or -not (Test-Lookup (Start-Lookup $name))) { "ssh: Could not resolve hostname $name" }
}
