using Mfn.Contracts.V1;

namespace Mfn.Cli.Runs;

/// <summary>The field of an NPY file.</summary>
internal static class NpyField
{
    /// <exception cref="BadArgumentsException">The file does not exist, or holds no field or several.</exception>
    public static Field Read(string path, bool castIntegers)
    {
        using var history = NpyHistory.Open(path, castIntegers);
        var frames = history.Frames().Take(2).ToArray();
        return frames.Length == 1 ? frames[0] : throw new BadArgumentsException($"'{path}' cannot be used: it must hold one field, but holds several.");
    }
}
