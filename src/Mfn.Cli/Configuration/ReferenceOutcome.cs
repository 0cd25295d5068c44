namespace Mfn.Cli.Configuration;

/// <summary>What an import does with a value.</summary>
internal enum ReferenceOutcome
{
    /// <summary>It is the value of a setting or an option.</summary>
    Taken,

    /// <summary>What it says is said in another way.</summary>
    Translated,

    /// <summary>Nothing here has its meaning.</summary>
    Meaningless,

    /// <summary>The reference has no such member either.</summary>
    Unknown,
}
