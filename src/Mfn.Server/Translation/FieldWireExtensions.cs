using Mfn.Core.Fields;
using Mfn.Core.Specs;
using Mfn.Server.Calls;
using Mfn.Server.Configuration;
using Wire = Mfn.Contracts.V1;

namespace Mfn.Server.Translation;

/// <summary>Checks the fields that callers send.</summary>
internal static class FieldWireExtensions
{
    /// <summary>The field, or null if there is something wrong with it, which is then among the problems.</summary>
    /// <param name="wire">The message; null if the caller sent none.</param>
    /// <param name="path">Its wire name, such as frames[3].</param>
    /// <param name="limits">For the largest extent.</param>
    /// <param name="problems">Collects what is wrong.</param>
    /// <param name="range">What the cells may be; null for a potential in volts.</param>
    public static Field? ToField(this Wire.Field? wire, string path, LimitsOptions limits, RequestProblems problems, ParameterRange? range = null)
    {
        if (IncomingField.Declare(wire, path, limits, problems, memory: null, range) is not { } field)
        {
            return null;
        }

        field.TakeAll(wire!.Values.Span, problems);
        return field.Field;
    }

    /// <summary>The frames of a history, or null if there is something wrong with one, which is then among the problems.</summary>
    public static IReadOnlyList<Field>? ToHistory(this IReadOnlyList<Wire.Field> frames, LimitsOptions limits, RequestProblems problems)
    {
        var counts = new ParameterRange(1, limits.MaxFrames);
        if (!counts.Contains(frames.Count))
        {
            problems.Add("frames", $"must be {counts}, but were {frames.Count}; send a longer history in parts, or every n-th frame of it");
            return null;
        }

        var fields = new List<Field>(frames.Count);
        for (var i = 0; i < frames.Count; i++)
        {
            var field = frames[i].ToField($"frames[{i}]", limits, problems);
            if (field is null || (i > 0 && !field.RequireShape(fields[0].RowCount, fields[0].ColumnCount, $"frames[{i}]", problems)))
            {
                return null;
            }

            fields.Add(field);
        }

        return fields;
    }

    /// <summary>Whether the field has the shape of the first one; if not, that is among the problems.</summary>
    public static bool RequireShape(this Field field, int rowCount, int columnCount, string path, RequestProblems problems)
    {
        if (field.RowCount == rowCount && field.ColumnCount == columnCount)
        {
            return true;
        }

        problems.Add(path, $"must be {rowCount} x {columnCount} like the first frame, but was {field.RowCount} x {field.ColumnCount}");
        return false;
    }
}
