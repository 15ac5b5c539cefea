@{
    IncludeDefaultRules = $true
    ExcludeRules        = @(
        # The private functions of a module need no help of their own, and none of them changes anything.
        'PSUseShouldProcessForStateChangingFunctions'
        # Test-ShouldProcess calls it for all functions.
        'PSShouldProcess'
    )
    Rules               = @{
        PSUseCompatibleSyntax      = @{
            Enable         = $true
            TargetVersions = @('5.1', '7.0', '7.4')
        }
        PSPlaceOpenBrace           = @{
            Enable     = $true
            OnSameLine = $true
        }
        PSUseConsistentIndentation = @{
            Enable          = $true
            IndentationSize = 4
        }
        PSUseConsistentWhitespace  = @{
            Enable                                  = $true
            IgnoreAssignmentOperatorInsideHashTable = $true
        }
        PSUseCorrectCasing         = @{
            Enable = $true
        }
    }
}
