import protobuf from 'protobufjs'

/**
 * The part of the ONNX file format that is used here. Field numbers are those of the ONNX specification (IR version 8); protobuf
 * identifies fields by number, so messages and fields that neither a network nor a look at a foreign file needs are left out.
 */
const schema = `
syntax = "proto2";
message Attribute {
  optional string name = 1;
  optional float f = 2;
  optional int64 i = 3;
  optional bytes s = 4;
  optional Tensor t = 5;
  optional Graph g = 6;
  repeated float floats = 7;
  repeated int64 ints = 8;
  repeated Tensor tensors = 10;
  repeated Graph graphs = 11;
  optional int32 type = 20;
}
message Node {
  repeated string input = 1;
  repeated string output = 2;
  optional string name = 3;
  optional string op_type = 4;
  repeated Attribute attribute = 5;
  optional string domain = 7;
}
message Tensor {
  repeated int64 dims = 1;
  optional int32 data_type = 2;
  optional string name = 8;
  optional bytes raw_data = 9;
  repeated Entry external_data = 13;
  optional int32 data_location = 14;
}
message Dimension {
  oneof value { int64 dim_value = 1; string dim_param = 2; }
  optional string denotation = 3;
}
message Shape { repeated Dimension dim = 1; }
message TensorType {
  optional int32 elem_type = 1;
  optional Shape shape = 2;
}
message Type {
  optional TensorType tensor_type = 1;
  optional string denotation = 6;
}
message Value {
  optional string name = 1;
  optional Type type = 2;
  optional string doc_string = 3;
}
message Graph {
  repeated Node node = 1;
  optional string name = 2;
  repeated Tensor initializer = 5;
  optional string doc_string = 10;
  repeated Value input = 11;
  repeated Value output = 12;
  repeated Value value_info = 13;
  repeated SparseTensor sparse_initializer = 15;
}
message SparseTensor {
  optional Tensor values = 1;
  optional Tensor indices = 2;
}
message OperatorSet {
  optional string domain = 1;
  optional int64 version = 2;
}
message Entry {
  optional string key = 1;
  optional string value = 2;
}
message Model {
  optional int64 ir_version = 1;
  optional string producer_name = 2;
  optional string producer_version = 3;
  optional string doc_string = 6;
  optional Graph graph = 7;
  repeated OperatorSet opset_import = 8;
  repeated Entry metadata_props = 14;
}`

/** Encodes and decodes a whole ONNX file; field names as in the schema. */
export const modelMessage = protobuf.parse(schema, { keepCase: true }).root.lookupType('Model')

/** ONNX's numbers of element types. */
export const elementTypes = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7, bool: 9, float16: 10 } as const

/** ONNX's numbers of attribute types. */
export const attributeTypes = { float: 1, int: 2, string: 3, floats: 6, ints: 7 } as const
