using Google.Protobuf;
using Google.Protobuf.Reflection;
using Mfn.Contracts.V1;

namespace Mfn.Server.Tests.Web;

/// <summary>Requests that are allowed.</summary>
internal static class PlainRequest
{
    /// <summary>The request of a type.</summary>
    public static IMessage Of(MessageDescriptor type)
    {
        var spec = new SimulationSpec { GridSize = 8, Steps = 4 };
        var field = new Field { Rows = 8, Columns = 8, Encoding = FieldEncoding.Float64, Values = ByteString.CopyFrom(new byte[512]) };
        IMessage[] plain =
        [
            new AggregateRequest
            {
                Spec = new AggregationSpec { Length = 2, ByzantineCount = 0, Rule = new AggregationRule { Median = new MedianRule() } },
                Updates = { new ClientUpdate { ClientId = "a", Values = ByteString.CopyFrom(new byte[8]) }, new ClientUpdate { ClientId = "b", Values = ByteString.CopyFrom(new byte[8]) } },
            },
            new ExtractFeaturesRequest { Frames = { field } },
            new ComputeBoxCountingDimensionRequest { Field = field },
            new ComputeHistoryStabilityRequest { Frames = { field, field } },
            new ComputeNernstPotentialRequest { Valence = 1, OutsideMolar = 0.005, InsideMolar = 0.14 },
            new ComputeGoldmanPotentialRequest { Ions = { new PermeantIon { Valence = 1, Permeability = 1, OutsideMolar = 0.005, InsideMolar = 0.14 } } },
            new SimulateRequest { Spec = spec, FieldEncoding = FieldEncoding.Float64 },
            new StreamSimulationRequest { Spec = spec, FieldEncoding = FieldEncoding.Float64 },
            new ExplainRequest { Spec = spec },
            new EstimateCostRequest { Simulate = new SimulateRequest { Spec = spec } },
            new ValidateRequest(),
            new CreateRunRequest { Spec = new SimulationSpec { GridSize = 8, Steps = 8 }, Paused = true },
        ];
        return plain.FirstOrDefault(message => message.Descriptor == type)?.Descriptor.Parser.ParseFrom(plain.First(message => message.Descriptor == type).ToByteString())
            ?? type.Parser.ParseFrom(ByteString.Empty);
    }
}
