using FsCheck;
using FsCheck.Fluent;
using Mfn.Server.Frames;

namespace Mfn.Server.Tests.Frames;

/// <summary>Fields of every kind that can occur, and some that cannot, with windows that fit them.</summary>
internal static class AnyField
{
    public static readonly Config Replayed = Config.QuickThrowOnFailure.WithReplay(678UL, 91UL);

    /// <summary>Square fields from 1 to 24 cells wide: whole vectors of every width, and every remainder.</summary>
    public static readonly Gen<double[]> Square =
        from size in Gen.Choose(1, 24)
        from cells in Cells(size * size)
        select cells;

    public static readonly Gen<(double[] Field, int Size, FieldWindow Window)> Windowed =
        from field in Square
        let size = (int)Math.Sqrt(field.Length)
        from window in WindowOf(size)
        select (field, size, window);

    /// <summary>A window of a square field.</summary>
    public static Gen<FieldWindow> WindowOf(int size) =>
        from row in Gen.Choose(0, size - 1)
        from column in Gen.Choose(0, size - 1)
        from rowCount in Gen.Choose(1, size - row)
        from columnCount in Gen.Choose(1, size - column)
        from factor in Gen.Choose(1, Math.Min(rowCount, columnCount))
        select new FieldWindow(row, column, rowCount, columnCount, factor);

    /// <summary>Cells that vary by very much, hardly or not at all around some potential.</summary>
    public static Gen<double[]> Cells(int count) =>
        from middle in Gen.Elements(-0.07, 0.0, -0.0, 1.0, -1000.0, 1e-12, 5000.0)
        from spread in Gen.Elements(0.0, 1e-13, 1e-9, 1e-4, 0.02, 0.135, 3.0, 2000.0)
        from steps in Gen.Choose(-1_000_000, 1_000_000).ArrayOf(count)
        select steps.Select(step => middle + (spread * step / 1e6)).ToArray();
}
