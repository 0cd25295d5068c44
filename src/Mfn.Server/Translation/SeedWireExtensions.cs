using Mfn.Server.Calls;

namespace Mfn.Server.Translation;

/// <summary>Seeds on the wire are signed, since not every language has unsigned integers; in the core they are not.</summary>
internal static class SeedWireExtensions
{
    /// <summary>The seed, or 0 if it is negative, which is then among the problems.</summary>
    public static ulong ToSeed(long seed, string path, RequestProblems problems)
    {
        if (seed >= 0)
        {
            return (ulong)seed;
        }

        problems.Add(path, $"must be between 0 and {long.MaxValue}, but was {seed}");
        return 0;
    }
}
