namespace Mfn.Benchmarks.Serving;

/// <summary>A client of a server whose rate of calls is compared.</summary>
internal interface IRateSide : IDisposable
{
    /// <summary>What it is called.</summary>
    string Name { get; }

    /// <summary>The server's process.</summary>
    int ServerProcess { get; }

    /// <summary>How many calls a turn has.</summary>
    int CallCount { get; }

    /// <summary>Seconds that a turn of calls takes.</summary>
    Task<double> CallAsync();
}
