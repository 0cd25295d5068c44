using System.Globalization;

namespace Mfn.Server.Storage;

/// <summary>Which state of a run a checkpoint holds; later states are greater.</summary>
/// <param name="Step">Steps completed.</param>
/// <param name="Revision">Changes applied.</param>
internal readonly record struct CheckpointPosition(int Step, long Revision) : IComparable<CheckpointPosition>
{
    private const string Prefix = "checkpoint-";

    /// <summary>The name of its file.</summary>
    public string FileName => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Step}-{Revision}");

    /// <summary>Whether the name is one that <see cref="FileName"/> gives.</summary>
    public static bool TryParse(string fileName, out CheckpointPosition position)
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

        position = new CheckpointPosition(step, revision);
        return position.FileName == fileName;
    }

    public int CompareTo(CheckpointPosition other) => (Step, Revision).CompareTo((other.Step, other.Revision));
}
