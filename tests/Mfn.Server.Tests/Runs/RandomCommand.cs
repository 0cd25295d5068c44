using Google.Protobuf;
using Mfn.Contracts.V1;

namespace Mfn.Server.Tests.Runs;

/// <summary>Commands that change the state of a run.</summary>
internal static class RandomCommand
{
    public static RunCommand Change(Random random, int gridSize, string id)
    {
        var command = new RunCommand { CommandId = id };
        switch (random.Next(4))
        {
            case 0:
                command.ChangeParameters = new ChangeParameters { Alpha = 0.06 + (0.18 * random.NextDouble()) };
                break;
            case 1:
                command.ReplacePotential = new Field
                {
                    Rows = gridSize,
                    Columns = gridSize,
                    Encoding = FieldEncoding.Float64,
                    Values = ByteString.CopyFrom([.. Enumerable.Range(0, gridSize * gridSize).SelectMany(_ => BitConverter.GetBytes(-0.09 + (0.12 * random.NextDouble())))]),
                };
                break;
            default:
                var (row, column) = (random.Next(gridSize), random.Next(gridSize));
                command.AddPotential = new AddPotential
                {
                    Region = new Region { Row = row, Column = column, Rows = random.Next(1, gridSize - row + 1), Columns = random.Next(1, gridSize - column + 1) },
                    Millivolts = random.Next(-5, 6),
                };
                break;
        }

        return command;
    }
}
