namespace Mfn.Cli;

/// <summary>Several files with histories, opened before anything is computed.</summary>
internal sealed class NpyHistories : IDisposable
{
    private readonly List<(string File, NpyHistory History)> _all = [];

    /// <exception cref="BadArgumentsException">Files do not exist, or hold no such array: all of them are told.</exception>
    public NpyHistories(IEnumerable<string> files, bool castIntegers)
    {
        try
        {
            var problems = new List<string>();
            foreach (var file in files)
            {
                try
                {
                    _all.Add((file, NpyHistory.Open(file, castIntegers)));
                }
                catch (BadArgumentsException error)
                {
                    problems.AddRange(error.Problems);
                }
            }

            BadArgumentsException.ThrowIfAny(problems);
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
