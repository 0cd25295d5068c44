namespace Mfn.Cli;

/// <summary>Several files with histories, opened before anything is computed.</summary>
internal sealed class NpyHistories : IDisposable
{
    private readonly List<(string File, NpyHistory History)> _all = [];

    /// <exception cref="BadArgumentsException">A file does not exist, or holds no such array.</exception>
    public NpyHistories(IEnumerable<string> files, bool castIntegers)
    {
        try
        {
            foreach (var file in files)
            {
                _all.Add((file, NpyHistory.Open(file, castIntegers)));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The files in the order given.</summary>
    public IReadOnlyList<(string File, NpyHistory History)> All => _all;

    public void Dispose()
    {
        foreach (var (_, history) in _all)
        {
            history.Dispose();
        }
    }
}
