using System.Globalization;

namespace Mfn.Server.Storage;

/// <summary>The name of the file that has the checkpoint of a position.</summary>
internal static class CheckpointFileName
{
    private const string Prefix = "checkpoint-";

    public static string Of(RunPosition position) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{position.Step}-{position.Revision}");

    /// <summary>Whether the name is one that <see cref="Of"/> gives.</summary>
    public static bool TryParse(string fileName, out RunPosition position)
    {
        position = default;
        if (!fileName.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return false;
        }

        var numbers = fileName[Prefix.Length..].Split('-');
        if (numbers.Length != 2
            || !int.TryParse(numbers[0], NumberStyles.None, CultureInfo.InvariantCulture, out var step)
            || !long.TryParse(numbers[1], NumberStyles.None, CultureInfo.InvariantCulture, out var revision))
        {
            return false;
        }

        position = new RunPosition(step, revision);
        return Of(position) == fileName;
    }
}
