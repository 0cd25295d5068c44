namespace Mfn.Cli;

/// <summary>What the process returns.</summary>
internal static class ExitCode
{
    public const int Success = 0;

    /// <summary>A call failed, there is no server, or the result could not be written.</summary>
    public const int Failure = 1;

    /// <summary>The arguments are wrong, whether the command or the server found that out.</summary>
    public const int BadArguments = 2;

    /// <summary>Whoever read standard output left before the answer was complete: what a shell reports of a program that SIGPIPE ended.</summary>
    public const int ReaderLeft = 141;

    /// <summary>What the help says about them.</summary>
    public const string Help = """
        Exit codes:
          0    done; of run watch also: whoever read it has seen enough
          1    the call failed, there is no server, or a file could not be written
          2    something is wrong with the arguments, or the server refused them
          141  whoever read standard output left before the answer was complete
        """;
}
