namespace Mfn.Cli;

/// <summary>What the process returns.</summary>
internal static class ExitCode
{
    public const int Success = 0;

    /// <summary>A call failed, or the result could not be written.</summary>
    public const int Failure = 1;

    /// <summary>The arguments are wrong, whether the command or the server found that out.</summary>
    public const int BadArguments = 2;
}
