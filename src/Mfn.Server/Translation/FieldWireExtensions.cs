using System.Buffers.Binary;
using Mfn.Core.Fields;
using Mfn.Core.Specs;
using Mfn.Server.Calls;
using Mfn.Server.Configuration;
using Wire = Mfn.Contracts.V1;

namespace Mfn.Server.Translation;

/// <summary>Checks the fields that callers send.</summary>
internal static class FieldWireExtensions
{
    // Far beyond any membrane, and small enough for every statistic of a field to stay finite.
    private static readonly ParameterRange CellRange = new(-1000, 1000);

    /// <summary>The field, or null if there is something wrong with it, which is then among the problems.</summary>
    /// <param name="wire">The message; null if the caller sent none.</param>
    /// <param name="path">Its wire name, such as frames[3].</param>
    /// <param name="limits">For the largest extent.</param>
    /// <param name="problems">Collects what is wrong.</param>
    public static Field? ToField(this Wire.Field? wire, string path, LimitsOptions limits, RequestProblems problems)
    {
        if (wire is null)
        {
            problems.Add(path, "must be set");
            return null;
        }

        var extents = new ParameterRange(1, limits.MaxGridSize);
        var isShapeFine = Check("rows", wire.Rows) & Check("columns", wire.Columns);
        var cellSize = wire.Encoding switch
        {
            Wire.FieldEncoding.Float64 => sizeof(double),
            Wire.FieldEncoding.Float32 => sizeof(float),
            _ => 0,
        };
        if (cellSize == 0)
        {
            problems.Add($"{path}.encoding", $"must be FIELD_ENCODING_FLOAT64 or FIELD_ENCODING_FLOAT32, but was {(int)wire.Encoding}");
        }

        if (!isShapeFine || cellSize == 0)
        {
            return null;
        }

        var expectedLength = wire.Rows * wire.Columns * cellSize;
        if (wire.Values.Length != expectedLength)
        {
            problems.Add(
                $"{path}.values",
                $"must have {expectedLength} bytes for {wire.Rows} x {wire.Columns} cells of {cellSize} bytes, but had {wire.Values.Length}");
            return null;
        }

        return Decode(wire, path, cellSize, problems);

        bool Check(string name, int extent)
        {
            if (extents.Contains(extent))
            {
                return true;
            }

            problems.Add($"{path}.{name}", $"must be {extents}, but was {extent}");
            return false;
        }
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

    private static Field? Decode(Wire.Field wire, string path, int cellSize, RequestProblems problems)
    {
        var field = new Field(wire.Rows, wire.Columns);
        var bytes = wire.Values.Span;
        for (var i = 0; i < field.Cells.Length; i++)
        {
            var volts = cellSize == sizeof(double)
                ? BinaryPrimitives.ReadDoubleLittleEndian(bytes[(i * sizeof(double))..])
                : BinaryPrimitives.ReadSingleLittleEndian(bytes[(i * sizeof(float))..]);
            if (!CellRange.Contains(volts))
            {
                problems.Add(
                    $"{path}.values",
                    $"must be {CellRange} V, but the cell in row {i / wire.Columns}, column {i % wire.Columns} was {ParameterRange.Format(volts)}");
                return null;
            }

            field.Cells[i] = volts;
        }

        return field;
    }
}
