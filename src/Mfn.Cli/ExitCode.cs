namespace Mfn.Cli;

/// <summary>What the process returns.</summary>
internal static class ExitCode
{
    public const int Success = 0;

    /// <summary>
    /// A call failed, there is no server, the result could not be written, a server could not listen or use its data directory, or a run is damaged.
    /// </summary>
    public const int Failure = 1;

    /// <summary>The arguments, or the settings of a server that starts, are wrong, whether the command or the server found that out.</summary>
    public const int BadArguments = 2;

    /// <summary>Whoever read standard output left before the answer was complete: what a shell reports of a program that SIGPIPE ended.</summary>
    public const int ReaderLeft = 141;

    /// <summary>What the help says about them.</summary>
    public const string Help = """
        Exit codes:
          0    done; of run watch also: whoever read it has seen enough
          1    the call failed, there is no server, a file could not be written, a server could not listen, or a run is damaged
          2    something is wrong with the arguments or a server's settings, or the server refused them
          141  whoever read standard output left before the answer was complete
        """;
}
