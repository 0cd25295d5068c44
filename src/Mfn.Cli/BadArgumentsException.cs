namespace Mfn.Cli;

/// <summary>Arguments that are each well formed, but cannot be used.</summary>
internal sealed class BadArgumentsException(params IReadOnlyList<string> problems) : Exception(string.Join(' ', problems))
{
    /// <summary>Everything that is wrong.</summary>
    public IReadOnlyList<string> Problems { get; } = problems;

    /// <exception cref="BadArgumentsException">There are problems.</exception>
    public static void ThrowIfAny(IReadOnlyList<string> problems)
    {
        if (problems.Count > 0)
        {
            throw new BadArgumentsException(problems);
        }
    }
}
